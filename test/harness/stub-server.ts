import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseJson } from '../../shared/kernel/json.ts';

/** One request as the stub saw it. */
export interface Call {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  body: unknown;
  idempotencyKey: string | undefined;
  at: number;
  /** Undefined while it is in flight. */
  endedAt?: number;
  /** The caller closed the connection before it had its answer. */
  hungUp: boolean;
}

/** What the stub says to a call. `hang` says nothing, ever. */
export type Answer = { status?: number; body?: unknown; afterMs?: number; headers?: Record<string, string> } | 'hang';
type Script = Answer | Answer[] | ((call: Call, n: number) => Answer);

/** A stub of an outside service. Paths without a script answer 200 with what they were sent. */
export class StubServer {
  readonly url: string;
  readonly calls: Call[] = [];
  readonly #scripts = new Map<string, Script>();
  readonly #watchers = new Set<() => void>();
  readonly #close: () => Promise<void>;

  constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  /** Scripts a path: one answer for all calls, a list (the last one stays), or a function of the call and its number from 1. */
  on(path: string, script: Script): string {
    this.#scripts.set(path, script);
    return this.url + path;
  }

  to(path: string): Call[] {
    return this.calls.filter((call) => call.path === path);
  }

  count(path: string): number {
    return this.to(path).length;
  }

  /** Lets go of calls that nobody will ask about, so that a long test can look through the others. */
  forget(isOver: (call: Call) => boolean): void {
    this.calls.splice(0, this.calls.length, ...this.calls.filter((call) => !isOver(call)));
  }

  /** How many calls of a path were in flight at the same time. */
  mostAtOnce(path: string): number {
    const calls = this.to(path);
    return Math.max(
      0,
      ...calls.map(({ at }) => calls.filter((other) => other.at <= at && (other.endedAt ?? Infinity) > at).length),
    );
  }

  /** Resolves when a path has been called so many times. */
  called(path: string, times = 1): Promise<void> {
    return this.#until(() => this.count(path) >= times);
  }

  /** Resolves when so many callers of a path have closed their connections without an answer. */
  hungUp(path: string, times = 1): Promise<void> {
    return this.#until(() => this.to(path).filter((call) => call.hungUp).length >= times);
  }

  close(): Promise<void> {
    return this.#close();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const call: Call = {
      method: request.method ?? '',
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: request.headers,
      body: undefined,
      idempotencyKey: [request.headers['idempotency-key']].flat()[0],
      at: performance.now(),
      hungUp: false,
    };
    const n = this.calls.push(call) && this.count(pathname);
    response.on('close', () => {
      call.endedAt = performance.now();
      call.hungUp = !response.writableFinished;
      this.#changed();
    });
    call.body = await bodyOf(request);
    this.#changed();

    const script = this.#scripts.get(pathname) ?? { body: { path: pathname, query: call.query, body: call.body } };
    const answer =
      typeof script === 'function' ? script(call, n) : Array.isArray(script) ? (script[n - 1] ?? script.at(-1)) : script;
    if (answer === 'hang' || answer === undefined) return;
    if (answer.afterMs) await new Promise((resolve) => setTimeout(resolve, answer.afterMs));
    const headers = { 'content-type': 'application/json', ...answer.headers };
    response.writeHead(answer.status ?? 200, headers).end(JSON.stringify(answer.body ?? null));
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  #changed(): void {
    for (const look of this.#watchers) look();
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** Brings a stub up on a free port of loopback. */
export async function startStub(): Promise<StubServer> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    stub.answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stub = new StubServer(`http://127.0.0.1:${port}`, async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return stub;
}
