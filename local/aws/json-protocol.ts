import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { shownError } from '../disk.ts';
import { AwsError, asAwsError } from './aws-error.ts';
import { readBody } from './body.ts';

/** The operations of one service that speaks AWS JSON, by the name after the dot of `x-amz-target`. */
export type JsonOperations = Record<string, (input: unknown) => unknown>;

/** Larger than any request of the services served here. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Answers one AWS JSON request. */
export async function answerJson(operations: JsonOperations, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const name = request.headers['x-amz-target']?.toString().split('.').at(-1) ?? '';
  try {
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    const body = await readBody(request, MAX_BODY_BYTES);
    if (!operation) throw new AwsError('UnknownOperationException', `The operation ${name} is not served by the embedded cloud`);
    send(response, 200, (await operation(parsed(body))) ?? {});
  } catch (error) {
    const known = asAwsError(error, 'InternalFailure');
    if (known.status >= 500) console.error(shownError(error));
    send(response, known.status, { __type: known.name, message: known.message });
  }
}

function parsed(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new AwsError('SerializationException', 'The request is not JSON');
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': randomUUID(),
  });
  response.end(text);
}
