import type * as z from 'zod';
import type { Actor } from '../kernel/actor.ts';
import { newId } from '../kernel/id.ts';
import { Problem } from '../kernel/problem.ts';
import type { Seals } from '../kernel/seals.ts';
import { type Connection, type Connections, changedAt, firstStatus, type SealedSecret } from './connection.ts';
import { CONNECTION_TYPES, type ConnectionType, mismatchOf } from './connection-type.ts';
import type { Limits } from './limits.ts';

export interface ConnectionServices {
  connections: Connections;
  seals: Seals;
  now: () => Date;
}

export interface NewConnection {
  name: string;
  type: ConnectionType;
  settings: unknown;
  secret: unknown;
  limits?: Limits | undefined;
}

const HOUR_MS = 3_600_000;
const GRANTED_TO = ['authorization_url', 'token_url', 'client_id', 'issuer'];

/** Makes a connection. Throws `conflict` when the project has one of that name, `invalid` for settings or a secret that its type does not have. */
export async function createConnection(
  { connections, seals, now }: ConnectionServices,
  owner: { workspace: string; project: string; actor: Actor },
  { name, type, settings, secret, limits }: NewConnection,
): Promise<Connection> {
  const at = now();
  const id = newId(at.getTime());
  const since = at.toISOString();
  const settingsOfType = checkedSettings(type, settings);
  const row: Connection = {
    id,
    workspace: owner.workspace,
    project: owner.project,
    name,
    type,
    settings: settingsOfType,
    secrets: [await sealedSecret(seals, { id, type, settings: settingsOfType }, secret, at)],
    status: firstStatus({ type }, since),
    ...(limits && { limits }),
    createdAt: since,
    createdBy: owner.actor,
    updatedAt: since,
  };
  if (await connections.create(row)) return row;
  throw new Problem('conflict', `Project "${row.project}" has a connection named "${name}".`, [{ name: 'name', value: name }]);
}

export interface ConnectionChange {
  settings?: unknown;
  secret?: unknown;
  /** null: none. */
  limits?: Limits | null | undefined;
  /** For how long the secret before may be used when the new one is refused. */
  keepHours: number;
}

/** Other settings, limits, or another secret. How it stands is not known then, unless it is about limits alone; its circuit is closed. Throws `conflict` when somebody else has changed it meanwhile. */
export async function changeConnection(
  { connections, seals, now }: ConnectionServices,
  seen: Connection,
  { settings, secret, limits, keepHours }: ConnectionChange,
): Promise<Connection> {
  const at = now();
  const since = at.toISOString();
  const changed = settings === undefined ? seen.settings : checkedSettings(seen.type, settings);
  // Tokens are of one client and one provider.
  const tokens = GRANTED_TO.every((name) => changed[name] === seen.settings[name]) ? seen.tokens : undefined;
  const isSame = settings === undefined && secret === undefined;
  const { limits: before, failures: _, circuit: __, ...rest } = seen;
  const after = limits === undefined ? before : (limits ?? undefined);
  const next: Connection = {
    ...rest,
    ...(after && { limits: after }),
    settings: changed,
    tokens,
    ...(secret !== undefined && { secrets: await rotated(seals, { ...seen, settings: changed }, secret, { at, keepHours }) }),
    status: isSame ? seen.status : firstStatus({ type: seen.type, tokens }, since),
    updatedAt: changedAt(seen, at),
  };
  if (await connections.replace(seen, next)) return next;
  throw new Problem('conflict', `Connection "${seen.name}" has been changed by somebody else meanwhile. Read it again.`);
}

async function rotated(seals: Seals, seen: Connection, secret: unknown, { at, keepHours }: { at: Date; keepHours: number }) {
  const [before] = seen.secrets;
  const until = new Date(at.getTime() + keepHours * HOUR_MS).toISOString();
  return [await sealedSecret(seals, seen, secret, at), ...(before && keepHours > 0 ? [{ ...before, until }] : [])];
}

function checkedSettings(type: ConnectionType, given: unknown): Record<string, unknown> {
  const settings = checked<Record<string, unknown>>(CONNECTION_TYPES[type].settings, type, 'settings', given);
  checkMatch(type, settings);
  return settings;
}

function checkMatch(type: ConnectionType, settings: Record<string, unknown>, secret?: object): void {
  const mismatch = mismatchOf(type, settings, secret);
  if (mismatch === undefined) return;
  throw new Problem('invalid', `settings of a connection of type ${type}: ${mismatch}`, [{ name: 'settings', value: mismatch }]);
}

async function sealedSecret(
  seals: Seals,
  { id, type, settings }: Pick<Connection, 'id' | 'type' | 'settings'>,
  given: unknown,
  at: Date,
): Promise<SealedSecret> {
  const secret = checked<object>(CONNECTION_TYPES[type].secret, type, 'secret', given);
  checkMatch(type, settings, secret);
  const text = JSON.stringify(secret);
  return { sealed: await seals.seal(text, { connection: id }), createdAt: at.toISOString() };
}

/** Never says what was given: it may be the secret. */
function checked<T>(schema: z.ZodType<T>, type: ConnectionType, field: string, value: unknown): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const details = read.error.issues.map(({ path, message }) => ({ name: [field, ...path].join('.'), value: message }));
  const [first] = details;
  throw new Problem('invalid', `${first?.name} of a connection of type ${type}: ${first?.value}`, details);
}
