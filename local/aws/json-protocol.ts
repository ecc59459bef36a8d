import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ZodError } from 'zod';
import { shownError } from '../disk.ts';
import { AwsError } from './aws-error.ts';
import { readBody, SenderGone } from './body.ts';

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
    const known = asAwsError(error);
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

function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof SenderGone) return new AwsError('SerializationException', 'The request ended too early');
  if (error instanceof ZodError) {
    const faults = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    return new AwsError('ValidationException', `${error.issues.length} validation error detected: ${faults}`);
  }
  return new AwsError('InternalFailure', error instanceof Error ? error.message : 'The embedded cloud failed', 500);
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
