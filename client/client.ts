import type * as z from 'zod';
import { type OperationId, operations } from '../shared/api/routes.ts';
import type { Operation } from '../shared/edge/route.ts';
import { parseJson } from '../shared/kernel/json.ts';

type Operations = typeof operations;
type Input<T> = T extends z.ZodType ? z.input<T> : never;
type Part<O, Name extends string> = O extends { [K in Name]: infer T } ? Input<T> : never;
type Needed<Name extends string, Value> = [Value] extends [never]
  ? { [K in Name]?: undefined }
  : Record<never, never> extends Value
    ? { [K in Name]?: Value }
    : { [K in Name]: Value };

/** What an operation is asked with: its path parameters, query and body. */
export type Ask<Id extends OperationId> = Needed<'params', Part<Operations[Id], 'params'>> &
  Needed<'query', Part<Operations[Id], 'query'>> &
  Needed<'body', Part<Operations[Id], 'body'>> & { idempotencyKey?: string } & (Operations[Id] extends { act: unknown }
    ? { reason?: string }
    : unknown) &
  (Operations[Id] extends { ifMatch: unknown } ? { ifMatch?: string } : unknown);

type BodyOf<T> = T extends z.ZodType ? z.output<T> : undefined;
/** What an operation answers when it succeeds. */
export type Result<Id extends OperationId> = BodyOf<Operations[Id]['responses'][keyof Operations[Id]['responses']]>;

type Sent<Id extends OperationId> = Record<never, never> extends Ask<Id> ? [ask?: Ask<Id>] : [ask: Ask<Id>];

/** One request as it goes over the wire, and what comes back. */
export type Send = (request: {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
}) => Promise<{ status: number; headers: Headers; text: string }>;

export interface Answer<Body = unknown> {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON, with every digit of its numbers; undefined when it is none. */
  body: Body;
}

export interface ClientOptions {
  /** Where the API answers, without a slash at its end. */
  url: string;
  /** Sent as `x-api-key`; nothing is when it is absent. */
  apiKey?: string | undefined;
  /** Sends requests; `fetch` when absent. */
  send?: Send;
}

/** An answer that is no success. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(request: string, { status, body, text }: Answer) {
    super(`${request} was answered ${status}: ${text.slice(0, 2000)}`);
    this.name = 'ApiError';
    this.status = status;
    this.body = body;
  }
}

/** The API, typed by its route table: what it does not allow does not compile. */
export class Client {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** The body of a success. Throws `ApiError` for any other answer. */
  async call<Id extends OperationId>(id: Id, ...[ask]: Sent<Id>): Promise<Result<Id>> {
    const { method, path, body: takesBody }: Operation = operations[id];
    const { params = {}, idempotencyKey, ifMatch, reason, ...parts }: Loose = ask ?? {};
    const { query = {}, body } = reason === undefined ? parts : withReason(parts, reason, takesBody !== undefined);
    const where = `${filled(path, params)}${searchOf(query)}`;
    const answer = await this.request<Result<Id>>(method, where, {
      ...(body !== undefined && { body }),
      headers: {
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
        ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
      },
    });
    if (answer.status >= 300) throw new ApiError(`${method} ${where}`, answer);
    return answer.body;
  }

  /** Any request, with whatever is answered. A text and bytes go out as they are, anything else as JSON. */
  async request<Body = unknown>(
    method: string,
    path: string,
    { body, headers }: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer<Body>> {
    const { url, apiKey, send = byFetch } = this.#options;
    const answer = await send({
      method,
      url: url + path,
      headers: {
        ...(apiKey !== undefined && { 'x-api-key': apiKey }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isRaw(body) ? body : JSON.stringify(body) }),
    });
    return { ...answer, body: jsonOf(answer.text) as Body };
  }
}

const byFetch: Send = async ({ url, ...init }) => {
  const response = await fetch(url, { ...init, redirect: 'manual' });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

/** Where the operation takes it: in its body, or in its query. */
const withReason = ({ query, body }: Loose, reason: string, inBody: boolean): Loose =>
  inBody ? { query, body: { ...Object(body), reason } } : { query: { ...query, reason }, body };

interface Loose {
  params?: Record<string, unknown> | undefined;
  query?: Record<string, unknown> | undefined;
  body?: unknown;
  idempotencyKey?: string | undefined;
  /** The hash of what was read: it is written over that, and nothing else. */
  ifMatch?: string | undefined;
  reason?: string | undefined;
}

const isRaw = (body: unknown): body is string | Uint8Array<ArrayBuffer> => typeof body === 'string' || body instanceof Uint8Array;

const filled = (path: string, params: Record<string, unknown>) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));

function searchOf(query: Record<string, unknown>): string {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined);
  return entries.length === 0
    ? ''
    : `?${new URLSearchParams(entries.map(([name, value]): [string, string] => [name, String(value)]))}`;
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
