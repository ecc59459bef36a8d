import { gzipSync } from 'node:zlib';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { Problem } from '../kernel/problem.ts';
import type { Answer } from './answer.ts';

/** Lambda hands 6 MB back at most, and counts the answer as text within JSON. */
const RESULT_LIMIT_BYTES = 6 * 1024 * 1024 - 16 * 1024;
/** Above this an answer is packed for whoever can unpack it. */
const PACK_ABOVE_BYTES = 64 * 1024;

/** The answer as API Gateway takes it. Throws `too-large` for one that does not fit through Lambda. */
export function toResult(answer: Answer, acceptEncoding = ''): APIGatewayProxyStructuredResultV2 {
  const { status, body, headers = {} } = answer;
  if (body === undefined) return { statusCode: status, headers };
  if (body instanceof Uint8Array) return bytesOf(answer, body, acceptEncoding);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const result = {
    statusCode: status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers },
    body: text,
  };
  if (text.length <= PACK_ABOVE_BYTES) return result;
  const sent = takesGzip(acceptEncoding) ? packed(result) : result;
  if (Buffer.byteLength(JSON.stringify(sent.body)) <= RESULT_LIMIT_BYTES) return sent;
  throw new Problem(
    'too-large',
    `The answer has ${Buffer.byteLength(text)} bytes, which is more than can be sent. Accept gzip, or ask for less: a smaller limit, one step alone.`,
  );
}

const takesGzip = (acceptEncoding: string) => /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(acceptEncoding);

function bytesOf({ status, headers, packed }: Answer, body: Uint8Array, acceptEncoding: string) {
  const isPacked = packed !== undefined && takesGzip(acceptEncoding);
  return {
    statusCode: status,
    headers: {
      'x-content-type-options': 'nosniff',
      ...headers,
      ...(packed && { vary: 'accept-encoding' }),
      ...(isPacked && { 'content-encoding': 'gzip' }),
    },
    body: Buffer.from(isPacked ? packed : body).toString('base64'),
    isBase64Encoded: true,
  };
}

const packed = ({ headers, body, ...result }: { statusCode: number; headers: Record<string, string>; body: string }) => ({
  ...result,
  headers: { ...headers, 'content-encoding': 'gzip', vary: 'accept-encoding' },
  body: gzipSync(body).toString('base64'),
  isBase64Encoded: true,
});
