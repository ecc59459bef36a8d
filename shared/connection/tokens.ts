import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '../kernel/actor.ts';
import type { Seals } from '../kernel/seals.ts';
import { StepError } from '../kernel/step-error.ts';
import { type Connection, type Connections, changedAt, type SealedTokens } from './connection.ts';

/** What a provider gives for an authorization. */
export interface Tokens {
  access: string;
  refresh?: string | undefined;
  expiresAt?: string | undefined;
}

/** Exchanges a refresh token for other tokens. Throws `StepError`. */
export type Renew = (refreshToken: string) => Promise<Tokens>;

export interface TokenServices {
  connections: Connections;
  seals: Seals;
  now: () => Date;
}

/** A token that is about to end may be refused by a clock that is ahead. */
const EARLY_MS = 60_000;
/** Longer than a renewal takes: whoever has begun one and died is not waited for any longer. */
const RENEWAL_MS = 30_000;
const LOOK_MS = 200;

export interface Use {
  /** The token that the other side has just refused, so that it takes another. */
  refused?: string | undefined;
  renew: Renew;
  signal: AbortSignal;
  /** Hears every token. */
  hide: (token: string) => void;
}

/**
 * The token of a connection that a person has authorized, renewed shortly before it ends. One caller renews at a time, since many providers take each
 * refresh token once; the others wait for what comes of it. Throws `StepError` `CredentialRejected` when a person has to authorize it again.
 */
export async function currentToken(
  services: TokenServices,
  first: Connection,
  { refused, renew, signal, hide }: Use,
): Promise<{ token: string; connection: Connection }> {
  const { connections, seals, now } = services;
  for (let connection = first; ; connection = await readAgain(connections, first)) {
    const { id, name, tokens } = connection;
    if (!tokens) throw rejected(name, 'nobody has authorized it yet');
    const token = await seals.open(tokens.access, { connection: id });
    hide(token);
    // One that somebody has just got is used for as long as it lasts.
    const mayBeUsed = tokens.access === first.tokens?.access ? isFresh : isValid;
    if (token !== refused && mayBeUsed(tokens, now())) return { token, connection };
    if (tokens.refresh === undefined) {
      if (token !== refused && isValid(tokens, now())) return { token, connection };
      throw rejected(name, 'its token is over, and the provider gave none to renew it with');
    }
    const until = new Date(now().getTime() + RENEWAL_MS).toISOString();
    if (await connections.takeRenewal(connection, now().toISOString(), until)) return renewed(services, connection, renew, hide);
    await sleep(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function renewed(services: TokenServices, connection: Connection, renew: Renew, hide: (token: string) => void) {
  const { connections, seals } = services;
  const { id, tokens } = connection;
  const refresh = await seals.open(tokens?.refresh ?? '', { connection: id });
  hide(refresh);
  const given = await renew(refresh).catch(async (error: unknown) => {
    await connections.giveUpRenewal(connection);
    throw error;
  });
  for (const one of [given.access, given.refresh]) if (one !== undefined) hide(one);
  // RFC 6749, 6: without another one the refresh token stays as it is.
  const next = await withTokens(services, connection, { refresh, ...defined(given) });
  const kept = await connections.keepTokens(connection, next);
  return { token: given.access, connection: kept ? next : connection };
}

/** The connection with other tokens; by whom it is authorized stays as it was unless somebody just has. */
export async function withTokens(
  { seals, now }: Pick<TokenServices, 'seals' | 'now'>,
  connection: Connection,
  { access, refresh, expiresAt }: Tokens,
  by?: Actor,
): Promise<Connection> {
  const owner = { connection: connection.id };
  const at = now();
  const [sealedAccess, sealedRefresh] = await Promise.all([
    seals.seal(access, owner),
    refresh === undefined ? undefined : seals.seal(refresh, owner),
  ]);
  const tokens: SealedTokens = {
    access: sealedAccess,
    ...(sealedRefresh !== undefined && { refresh: sealedRefresh }),
    ...(expiresAt !== undefined && { expiresAt }),
    authorizedAt: by || !connection.tokens ? at.toISOString() : connection.tokens.authorizedAt,
    authorizedBy: by ?? connection.tokens?.authorizedBy ?? connection.createdBy,
  };
  const isNew = connection.status.state !== 'connected';
  const status = isNew ? { state: 'connected' as const, since: at.toISOString() } : connection.status;
  return { ...connection, tokens, status, updatedAt: changedAt(connection, at) };
}

const defined = ({ refresh, ...rest }: Tokens): Tokens => ({ ...rest, ...(refresh !== undefined && { refresh }) });

const isValid = ({ expiresAt }: SealedTokens, now: Date) => expiresAt === undefined || expiresAt > now.toISOString();
const isFresh = (tokens: SealedTokens, now: Date) => isValid(tokens, new Date(now.getTime() + EARLY_MS));

async function readAgain(connections: Connections, { workspace, project, name, id }: Connection): Promise<Connection> {
  const row = await connections.byName(workspace, project, name);
  if (row?.id === id) return row;
  throw new StepError('CredentialRejected', `Connection "${name}" was deleted.`);
}

const rejected = (name: string, why: string) =>
  new StepError('CredentialRejected', `Connection "${name}" cannot be used: ${why}. An administrator can authorize it.`);
