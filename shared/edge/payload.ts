import { gzipSync } from 'node:zlib';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { Problem } from '../kernel/problem.ts';
import type { Answer } from './answer.ts';

/** Lambda hands 6 MB back at most, and counts the answer as text within JSON. */
const RESULT_LIMIT_BYTES = 6 * 1024 * 1024 - 16 * 1024;
/** Above this an answer is packed for whoever can unpack it. */
const PACK_ABOVE_BYTES = 64 * 1024;

/** The answer as API Gateway takes it. Throws `too-large` for one that does not fit through Lambda. */
export function toResult({ status, body, headers = {} }: Answer, acceptEncoding = ''): APIGatewayProxyStructuredResultV2 {
  if (body === undefined) return { statusCode: status, headers };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const result = {
    statusCode: status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers },
    body: text,
  };
  if (text.length <= PACK_ABOVE_BYTES) return result;
  const sent = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(acceptEncoding) ? packed(result) : result;
  if (Buffer.byteLength(JSON.stringify(sent.body)) <= RESULT_LIMIT_BYTES) return sent;
  throw new Problem(
    'too-large',
    `The answer has ${Buffer.byteLength(text)} bytes, which is more than can be sent. Accept gzip, or ask for less: a smaller limit, one step alone.`,
  );
}

const packed = ({ headers, body, ...result }: { statusCode: number; headers: Record<string, string>; body: string }) => ({
  ...result,
  headers: { ...headers, 'content-encoding': 'gzip', vary: 'accept-encoding' },
  body: gzipSync(body).toString('base64'),
  isBase64Encoded: true,
});
