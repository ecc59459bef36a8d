import * as sdk from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { ServiceAnswer } from '../dynamodb/proxy.ts';
import { type SingleWrite, WriteGroups } from '../dynamodb/write-groups.ts';
import type { Serve } from './intercept.ts';

/** Answers a request as the service would. */
type Call = (
  target: string,
  body: Buffer,
  signature: { authorization: string; 'x-amz-date': string },
  isGroup?: boolean,
) => Promise<ServiceAnswer>;

/** Operations on items. The others carry instants, which the SDK reads from numbers. */
const OPERATIONS = new Set([
  'BatchGetItem',
  'BatchWriteItem',
  'DeleteItem',
  'GetItem',
  'PutItem',
  'Query',
  'TransactGetItems',
  'TransactWriteItems',
  'UpdateItem',
]);

/** Emulators want to see a signature; whose it is they do not check. */
const SIGNATURE = {
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0',
};

const THROTTLES = /ProvisionedThroughputExceeded|Throttling|RequestLimitExceeded|TransactionInProgress/;

/**
 * Calls of DynamoDB without the SDK's middleware and without a connection from this process to itself. What the SDK would try again is left to it:
 * the call is made once more on the long way.
 */
export function serveDynamoDb(call: Call): Serve {
  const ask = (operation: string, text: string, isGroup = false) =>
    call(`DynamoDB_20120810.${operation}`, Buffer.from(text), SIGNATURE, isGroup);
  const groups = new WriteGroups((operation, text) => ask(operation, text, operation === 'TransactWriteItems'));
  return async (operation, input) => {
    if (!OPERATIONS.has(operation)) return undefined;
    const single = singleWrite(operation, input);
    const answer = await (single ? groups.write(single) : ask(operation, written(input)));
    if (answer.status >= 500) return undefined;
    const { __type, ...body } = read(answer.body);
    const $metadata = { httpStatusCode: answer.status, requestId: answer.requestId, attempts: 1, totalRetryDelay: 0 };
    if (answer.status === 200) return { $metadata, ...body };
    const name = String(__type).split('#').at(-1) ?? '';
    if (THROTTLES.test(name)) return undefined;
    throw exceptionOf(name, { $metadata, ...body });
  };
}

const key = z.object({ pk: z.object({ S: z.string() }), sk: z.object({ S: z.string() }).optional() });
const put = z.object({ TableName: z.string(), Item: key }).transform(({ TableName, Item }) => ({ TableName, ...Item }));
const change = z.object({ TableName: z.string(), Key: key }).transform(({ TableName, Key }) => ({ TableName, ...Key }));
/** Who asks for these is to be answered more than that it is done. */
const ASKS = ['ReturnValues', 'ReturnConsumedCapacity', 'ReturnItemCollectionMetrics'];

/** A write that may go with others. */
function singleWrite(operation: string, input: object): SingleWrite | undefined {
  if (operation !== 'PutItem' && operation !== 'UpdateItem' && operation !== 'DeleteItem') return undefined;
  if (ASKS.some((name) => Reflect.get(input, name) !== undefined)) return undefined;
  const { data } = (operation === 'PutItem' ? put : change).safeParse(input);
  return data && { operation, item: [data.TableName, data.pk.S, data.sk?.S].join('\n'), text: written(input) };
}

/** Bytes are Base64 on the wire. A replacer of `JSON.stringify` costs several times as much as this walk, and all that runs write passes here. */
const written = (input: object): string => JSON.stringify(withBase64(input));

/** The same value, copied where bytes stand in it. */
function withBase64(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (Array.isArray(value)) return value.map(withBase64);
  let copy: Record<string, unknown> | undefined;
  for (const [key, inner] of Object.entries(value)) {
    const text = withBase64(inner);
    if (text === inner) continue;
    copy ??= { ...value };
    copy[key] = text;
  }
  return copy ?? value;
}

/** In quotes and followed by a text it can only be the type of a value: within a text the quotes would be escaped. */
const BYTES = /"BS?":(?:"|\[")/;

function read(body: Buffer): Record<string, unknown> {
  const text = body.toString();
  const answer = JSON.parse(text);
  if (BYTES.test(text)) setBytes(answer);
  return answer;
}

/** Puts bytes in place of their Base64. An attribute may be called B too, but its value is an object. */
function setBytes(value: object): void {
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'B' && typeof inner === 'string') Object.assign(value, { B: bytesOf(inner) });
    else if (key === 'BS' && Array.isArray(inner)) Object.assign(value, { BS: inner.map(bytesOf) });
    else if (typeof inner === 'object' && inner !== null) setBytes(inner);
  }
}

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

/** The SDK's own class, so that `instanceof` tells errors apart. */
function exceptionOf(name: string, { message, Message, ...body }: Record<string, unknown> & { $metadata: object }): Error {
  const Exception: unknown = Reflect.get(sdk, name);
  const options = { message: String(message ?? Message ?? name), ...body };
  if (isException(Exception)) return Object.assign(new Exception(options), body);
  return new sdk.DynamoDBServiceException({ name, $fault: 'client', ...options });
}

function isException(value: unknown): value is new (options: { message: string; $metadata: object }) => Error {
  return typeof value === 'function' && value.prototype instanceof sdk.DynamoDBServiceException;
}
