import * as z from 'zod';
import { actor } from '../kernel/actor.ts';
import type { Page } from '../kernel/page.ts';
import { type Circuit, circuit } from './circuit.ts';
import { CONNECTION_TYPE_NAMES } from './connection-type.ts';
import { limits } from './limits.ts';

/** Whether the other side takes the credential, as far as the last call tells. */
export const connectionStatus = z.discriminatedUnion('state', [
  z.object({ state: z.literal('untested'), since: z.string() }),
  z.object({ state: z.literal('connected'), since: z.string() }),
  z.object({ state: z.literal('not_connected'), since: z.string(), reason: z.string() }),
]);
export type ConnectionStatus = z.infer<typeof connectionStatus>;

/** A secret as it is kept: valid until another has taken its place and the overlap is over. */
const sealedSecret = z.object({ sealed: z.string(), createdAt: z.string(), until: z.string().optional() });
export type SealedSecret = z.infer<typeof sealedSecret>;

/** What somebody has authorized a connection to, each token sealed. */
const sealedTokens = z.object({
  access: z.string(),
  refresh: z.string().optional(),
  /** When the access token is over, where the provider says so. */
  expiresAt: z.string().optional(),
  authorizedAt: z.string(),
  authorizedBy: actor,
});
export type SealedTokens = z.infer<typeof sealedTokens>;

/** A named credential of a project. */
export const connection = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  name: z.string(),
  type: z.enum(CONNECTION_TYPE_NAMES),
  settings: z.record(z.string(), z.unknown()),
  /** The newest first; a second one while it may still be used. */
  secrets: z.array(sealedSecret).min(1),
  /** Absent until a person has authorized it, where its type wants that. */
  tokens: sealedTokens.optional(),
  status: connectionStatus,
  /** How much may be asked of the other side; as much as anybody likes when it is absent. */
  limits: limits.optional(),
  /** Calls in a row that have found the other side out of order. */
  failures: z.int().optional(),
  /** Present while it is not called. */
  circuit: circuit.optional(),
  createdAt: z.string(),
  createdBy: actor,
  updatedAt: z.string(),
});
export type Connection = z.infer<typeof connection>;

export interface Connections {
  /** False when the project has a connection of that name. */
  create(row: Connection): Promise<boolean>;
  /** The connection of that id in the workspace. */
  find(workspace: string, id: string): Promise<Connection | undefined>;
  /** The connection of that name in the project. */
  byName(workspace: string, project: string, name: string): Promise<Connection | undefined>;
  /** Stores `next`. False when it has changed since `seen` was read. */
  replace(seen: Connection, next: Connection): Promise<boolean>;
  /** Writes how it stands, unless it has changed since: its secret may be another one by now. */
  report(seen: Connection, status: ConnectionStatus): Promise<void>;
  /** Takes it upon the caller to renew the tokens until then. False when somebody else does, or they are others by now. */
  takeRenewal(seen: Connection, now: string, until: string): Promise<boolean>;
  /** Lets others renew the tokens at once. */
  giveUpRenewal(seen: Connection): Promise<void>;
  /** Stores `next`, whose tokens are new. False when the tokens have changed since `seen` was read. */
  keepTokens(seen: Connection, next: Connection): Promise<boolean>;
  /** Counts a call that has found the other side out of order; answers its circuit when that is open, by this call or another. */
  callFailed(seen: Connection, reason: string, now: Date): Promise<Circuit | undefined>;
  /** The other side has answered: what was counted is forgotten, and its circuit closed, unless it was opened since `seen` was read. */
  callAnswered(seen: Connection): Promise<void>;
  /** Takes it upon the caller to try while the circuit is open. False when somebody else does. */
  takeTry(seen: Connection, now: Date): Promise<boolean>;
  /** Closes the circuit, so that the next failure opens it again. */
  closeCircuit(seen: Connection): Promise<void>;
  remove(seen: Connection): Promise<void>;
  /** Of one workspace, newest first. */
  list(workspace: string, limit: number, token?: string): Promise<Page<Connection>>;
}

/** The secrets that may be used at that time, the newest first. */
export const validSecrets = ({ secrets }: Pick<Connection, 'secrets'>, now: Date): SealedSecret[] =>
  secrets.filter(({ until }) => until === undefined || until > now.toISOString());

const REASON_CHARACTERS = 500;

/** How it stands after a call; undefined when that is known already. */
export function statusAfter(
  { status }: Pick<Connection, 'status'>,
  outcome: { ok: true } | { ok: false; reason: string },
  now: Date,
): ConnectionStatus | undefined {
  const since = now.toISOString();
  if (outcome.ok) return status.state === 'connected' ? undefined : { state: 'connected', since };
  return status.state === 'not_connected'
    ? undefined
    : { state: 'not_connected', since, reason: outcome.reason.slice(0, REASON_CHARACTERS) };
}

/** The time of a change: later than that of the one before, since whoever writes asks for what it has seen. */
export const changedAt = ({ updatedAt }: Pick<Connection, 'updatedAt'>, now: Date): string =>
  now.toISOString() > updatedAt ? now.toISOString() : new Date(Date.parse(updatedAt) + 1).toISOString();

/** How one stands that nobody has called anything with: some types need a person first. */
export const firstStatus = ({ type, tokens }: Pick<Connection, 'type' | 'tokens'>, since: string): ConnectionStatus =>
  type === 'oauth2_authorization_code' && !tokens
    ? { state: 'not_connected', since, reason: 'Nobody has authorized it yet.' }
    : { state: 'untested', since };
