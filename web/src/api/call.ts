import table from 'virtual:operations';
import type { Ask, Result } from '../../../client/client.ts';
import type { OperationId } from '../../../shared/api/routes.ts';
import { parseJson } from '../../../shared/kernel/json.ts';
import { freshCredential } from './fresh.ts';
import { reaching } from './reach.ts';
import { headersOf, signOut } from './session.ts';

export type { Ask, OperationId, Result };

/** What an operation takes as its body. */
export type BodyOf<Id extends OperationId> = NonNullable<Ask<Id>['body']>;

interface Detail {
  name: string;
  value: string | number;
}

/** An answer that is no success, in the words of the API. */
export class Refused extends Error {
  readonly status: number;
  readonly details: Detail[];
  readonly body: unknown;

  constructor(status: number, message: string, details: Detail[], body?: unknown) {
    super(message);
    this.name = 'Refused';
    this.status = status;
    this.details = details;
    this.body = body;
  }
}

type Given<Id extends OperationId> =
  Record<never, never> extends Ask<Id> ? [ask?: Ask<Id>, signal?: AbortSignal] : [ask: Ask<Id>, signal?: AbortSignal];

/** Calls an operation of the API as whoever is signed in. Throws `Refused` for what is no success. */
export async function call<Id extends OperationId>(id: Id, ...[ask, signal]: Given<Id>): Promise<Result<Id>> {
  const [method, path, takesBody] = table[id] ?? ['GET', '/', false];
  const { params = {}, idempotencyKey, ifMatch, reason, ...parts }: Loose = ask ?? {};
  const { query = {}, body } = reason === undefined ? parts : withReason(parts, reason, takesBody);
  const who = await freshCredential();
  const request: RequestInit = {
    method,
    ...(signal && { signal }),
    ...(body !== undefined && { body: JSON.stringify(body) }),
    headers: {
      ...headersOf(who),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
    },
  };
  const response = await reaching(query['wait'] !== undefined, () => fetch(filled(path, params) + searchOf(query), request));
  const text = await response.text();
  if (response.ok) return (text === '' ? undefined : parseJson(text)) as Result<Id>;
  const refusal = refusalOf(response.status, text);
  if (response.status === 401) signOut({ isExpired: true });
  throw refusal;
}

/** Where the operation takes it: in its body, or in its query. */
const withReason = ({ query, body }: Loose, reason: string, inBody: boolean): Loose =>
  inBody ? { query, body: { ...Object(body), reason } } : { query: { ...query, reason }, body };

interface Loose {
  params?: Record<string, unknown> | undefined;
  query?: Record<string, unknown> | undefined;
  body?: unknown;
  idempotencyKey?: string | undefined;
  ifMatch?: string | undefined;
  reason?: string | undefined;
}

const filled = (path: string, params: Record<string, unknown>) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));

function searchOf(query: Record<string, unknown>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`;
}

function refusalOf(status: number, text: string): Refused {
  try {
    const { message, details } = JSON.parse(text) as { message?: string; details?: Detail[] | null };
    return new Refused(status, message ?? `The API answered ${status}.`, details ?? [], JSON.parse(text));
  } catch {
    return new Refused(status, `The API answered ${status}.`, []);
  }
}
