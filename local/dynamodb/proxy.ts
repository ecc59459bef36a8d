import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../aws/body.ts';
import type { KeyUsage } from '../usage/key-usage.ts';
import type { Usage } from '../usage/usage.ts';
import { Connections, type RawAnswer } from './connection.ts';
import { askingForCapacity, isMetered, isWrite, meter } from './meter.ts';

/** DynamoDB's own limit is 16 MB, of a batch. */
const MAX_BODY_BYTES = 17 * 1024 * 1024;
const RECONNECT_WITHIN_MS = 5000;
const RECONNECT_EVERY_MS = 25;
const REQUEST_ID = /\r\nx-amzn-requestid: *([^\r]*)/i;

/** The headers that say who asks. */
interface Signature {
  'x-amz-date'?: string | string[] | undefined;
  authorization?: string | undefined;
}

export interface ServiceAnswer {
  status: number;
  requestId: string;
  body: Buffer;
}

/** Stands before the emulator and counts what passes. The calls of every run come through here, so it touches as little as it can. */
export class DynamoDbProxy {
  readonly #connections: Connections;
  readonly #usage: Usage['dynamodb'];
  readonly #keyUsage: KeyUsage | undefined;
  readonly #host: string;
  readonly #written: ((request: Buffer) => void)[] = [];

  constructor(endpoint: string, usage: Usage['dynamodb'], keyUsage?: KeyUsage) {
    this.#connections = new Connections(endpoint);
    this.#usage = usage;
    this.#keyUsage = keyUsage;
    this.#host = new URL(endpoint).host;
  }

  /** Calls back after every write, with its request. */
  onWrite(written: (request: Buffer) => void): void {
    this.#written.push(written);
  }

  close(): void {
    this.#connections.close();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.headers['x-amz-target']?.toString() ?? '';
    const { status, requestId, body } = await this.call(target, await readBody(request, MAX_BODY_BYTES), request.headers);
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': body.length,
      'x-amzn-requestid': requestId,
    });
    response.end(body);
  }

  /** `isGroup`: a transaction of writes that are no transaction for whoever has asked for them, and cost what they cost alone. */
  async call(target: string, received: Buffer, signature: Signature, isGroup = false): Promise<ServiceAnswer> {
    const operation = target.slice(target.indexOf('.') + 1);
    const metered = isMetered(operation);
    const body = metered ? askingForCapacity(received) : received;

    const answer = await this.#send(this.#headOf(target, signature, body.length), body).catch(unavailable);
    if (metered) meter(this.#usage, operation, { request: received, response: answer.body, ok: answer.status === 200, isGroup });
    if (answer.status === 200 && isWrite(operation)) for (const written of this.#written) written(received);
    if (answer.status === 200) this.#keyUsage?.record(operation, received, answer.body, { nowMs: Date.now(), isGroup });
    return { status: answer.status, requestId: REQUEST_ID.exec(answer.head)?.[1] ?? '', body: answer.body };
  }

  /** While the emulator is being started again nobody listens, and what was not sent can be sent later. */
  async #send(head: string, body: Buffer): Promise<RawAnswer> {
    const until = Date.now() + RECONNECT_WITHIN_MS;
    for (;;) {
      try {
        return await this.#connections.call(head, body);
      } catch (error) {
        if (!isRefused(error) || Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_EVERY_MS));
      }
    }
  }

  /** Emulators want to see a signature; whose it is they do not check. */
  #headOf(target: string, signature: Signature, length: number): string {
    return (
      `POST / HTTP/1.1\r\nhost: ${this.#host}\r\ncontent-type: application/x-amz-json-1.0\r\nx-amz-target: ${target}\r\n` +
      `x-amz-date: ${signature['x-amz-date'] ?? ''}\r\nauthorization: ${signature.authorization ?? ''}\r\ncontent-length: ${length}\r\n\r\n`
    );
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}

function unavailable(): RawAnswer {
  const body = Buffer.from(
    JSON.stringify({ __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError', message: 'The emulator is gone' }),
  );
  return { status: 500, head: '', body };
}
