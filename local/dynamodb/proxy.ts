import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { readBody } from '../aws/body.ts';
import type { Usage } from '../usage/usage.ts';
import { askingForCapacity, isMetered, meter } from './meter.ts';

/** DynamoDB's own limit is 16 MB, of a batch. */
const MAX_BODY_BYTES = 17 * 1024 * 1024;
const RECONNECT_WITHIN_MS = 5000;
const RECONNECT_EVERY_MS = 25;

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** Stands before the emulator and counts what passes. Ten calls of every run come through here, so it touches as little as it can. */
export class DynamoDbProxy {
  readonly #pool: Pool;
  readonly #usage: Usage['dynamodb'];

  constructor(endpoint: string, usage: Usage['dynamodb']) {
    this.#pool = new Pool(endpoint, {
      connections: 32,
      pipelining: 1,
      keepAliveTimeout: 60_000,
      bodyTimeout: 0,
      headersTimeout: 60_000,
    });
    this.#usage = usage;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.headers['x-amz-target']?.toString() ?? '';
    const operation = target.slice(target.indexOf('.') + 1);
    const received = await readBody(request, MAX_BODY_BYTES);
    const metered = isMetered(operation);
    const parts = metered ? askingForCapacity(received) : [received];
    const body = parts.length === 1 ? received : Buffer.concat(parts);

    const answer = await this.#send(body, request).catch(unavailable);
    if (metered) meter(this.#usage, operation, { request: received, response: answer.body, ok: answer.status === 200 });
    response.writeHead(answer.status, { ...kept(answer.headers), 'content-length': answer.body.length });
    response.end(answer.body);
  }

  /** While the emulator is being started again nobody listens, and what was not sent can be sent later. */
  async #send(body: Buffer, request: IncomingMessage): Promise<Answer> {
    const until = Date.now() + RECONNECT_WITHIN_MS;
    for (;;) {
      try {
        return await this.#dispatch(body, request);
      } catch (error) {
        if (!isRefused(error) || Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_EVERY_MS));
      }
    }
  }

  #dispatch(body: Buffer, { headers }: IncomingMessage): Promise<Answer> {
    const options: Dispatcher.DispatchOptions = { path: '/', method: 'POST', headers: forwarded(headers), body };
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let status = 0;
      let answered: Answer['headers'] = {};
      this.#pool.dispatch(options, {
        onRequestStart() {},
        onResponseStart(_, statusCode, responseHeaders) {
          status = statusCode;
          answered = responseHeaders;
        },
        onResponseData(_, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          resolve({ status, headers: answered, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) });
        },
        onResponseError(_, error) {
          reject(error);
        },
      });
    });
  }
}

function forwarded(headers: IncomingMessage['headers']): Record<string, string> {
  return {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': headers['x-amz-target']?.toString() ?? '',
    'x-amz-date': headers['x-amz-date']?.toString() ?? '20260101T000000Z',
    authorization: headers.authorization ?? '',
  };
}

function kept(headers: Answer['headers']): Record<string, string> {
  const names = ['content-type', 'x-amzn-requestid', 'x-amz-crc32'];
  return Object.fromEntries(names.flatMap((name) => (headers[name] ? [[name, String(headers[name])]] : [])));
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}

function unavailable(): Answer {
  const body = Buffer.from(
    JSON.stringify({ __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError', message: 'The emulator is gone' }),
  );
  return { status: 500, headers: { 'content-type': 'application/x-amz-json-1.0' }, body };
}
