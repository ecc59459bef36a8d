import { maskOf } from '../kernel/mask.ts';
import type { Seals } from '../kernel/seals.ts';
import { StepError } from '../kernel/step-error.ts';
import { type Connection, type Connections, statusAfter, validSecrets } from './connection.ts';
import type { ConnectionType } from './connection-type.ts';
import { currentToken, type Renew } from './tokens.ts';

/** A connection whose secrets may be used now. They are kept out of whatever the step says and gives. */
export interface OpenConnection {
  id: string;
  name: string;
  type: ConnectionType;
  settings: Readonly<Record<string, unknown>>;
  /** The newest first; a second one while it may still be used. */
  secrets: readonly Readonly<Record<string, string>>[];
  /** What else is as secret as they are, such as a token that they were exchanged for. */
  conceal(secret: string): void;
  /** The token that a person's authorization stands for now; `isFresh`: another than the one before, which was refused. */
  token(use: { isFresh: boolean; renew: Renew; signal: AbortSignal }): Promise<string>;
  /** Whether the other side takes it. */
  report(outcome: { ok: true } | { ok: false; reason: string }): Promise<void>;
}

export interface OpenServices {
  connections: Connections;
  seals: Seals;
  now: () => Date;
}

/** Whose connections they are, and what stands in the place of others. */
export interface ConnectionOwner {
  workspace: string;
  project: string;
  connectionOverrides?: Record<string, string> | undefined;
}

/** Opens the connection that a step of a run names; `known`: the row, where somebody has just read it. */
export type Opener = (
  owner: ConnectionOwner,
  name: string,
  conceal: (secret: string) => void,
  known?: Connection,
) => Promise<OpenConnection>;

/** The connection that a step names, or the one that its run uses instead. */
export const connectionOf = (
  { connections }: Pick<OpenServices, 'connections'>,
  owner: ConnectionOwner,
  name: string,
): Promise<Connection | undefined> =>
  connections.byName(owner.workspace, owner.project, owner.connectionOverrides?.[name] ?? name);

/**
 * The connection that a step names, or the one that its run uses instead, with its secrets. `conceal` hears every secret. Throws `StepError`
 * `CredentialRejected` when the project has none of that name.
 */
export async function openConnection(
  services: OpenServices,
  owner: ConnectionOwner,
  name: string,
  conceal: (secret: string) => void,
  known?: Connection,
): Promise<OpenConnection> {
  const used = owner.connectionOverrides?.[name] ?? name;
  const row = known ?? (await connectionOf(services, owner, name));
  if (row) return opened(services, row, conceal);
  const instead = used === name ? '' : `, which the run uses instead of "${name}"`;
  throw new StepError('CredentialRejected', `Project "${owner.project}" has no connection "${used}"${instead}.`);
}

/** A connection with its secrets. */
export async function opened(
  { connections, seals, now }: OpenServices,
  row: Connection,
  conceal: (secret: string) => void,
): Promise<OpenConnection> {
  const { id, name, type, settings } = row;
  const secrets = await Promise.all(
    validSecrets(row, now()).map(async ({ sealed }) => secretFrom(await seals.open(sealed, { connection: id }))),
  );
  const hidden: string[] = [];
  const hide = (secret: string) => {
    hidden.push(secret);
    conceal(secret);
  };
  for (const value of secrets.flatMap((secret) => Object.values(secret))) hide(value);
  let current = row;
  let given: string | undefined;
  return {
    id,
    name,
    type,
    settings,
    secrets,
    conceal: hide,
    token: async ({ isFresh, renew, signal }) => {
      const use = { refused: isFresh ? given : undefined, renew, signal, hide };
      const { token, connection } = await currentToken({ connections, seals, now }, current, use);
      current = connection;
      given = token;
      return token;
    },
    report: async (outcome) => {
      // The other side may repeat what it was told.
      const told = outcome.ok ? outcome : { ...outcome, reason: maskOf(hidden).text(outcome.reason) };
      const status = statusAfter(current, told, now());
      if (!status) return;
      const seen = current;
      current = { ...current, status };
      // How it stands is a courtesy: a call that came back is not lost over it.
      await connections.report(seen, status).catch(() => undefined);
    },
  };
}

function secretFrom(text: string): Record<string, string> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('A secret is an object.');
  return Object.fromEntries(Object.entries(value).map(([field, one]) => [field, String(one)]));
}
