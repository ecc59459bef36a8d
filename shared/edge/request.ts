import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type * as z from 'zod';
import type { Origin } from '../kernel/acting.ts';
import { inspectJson } from '../kernel/inspect-json.ts';
import { parseJson } from '../kernel/json.ts';
import { VALUE_LIMIT_BYTES } from '../kernel/limits.ts';
import { Problem } from '../kernel/problem.ts';
import { firstWords, oneLine } from '../kernel/words.ts';

/** A value of the largest size and the words around it. Lambda itself takes 6 MB. */
const BODY_LIMIT_BYTES = VALUE_LIMIT_BYTES + 64 * 1024;

/** Parses one part of a request; every problem is named with its field. */
export function readPart(part: 'path' | 'query' | 'body', schema: z.ZodType | undefined, value: unknown): unknown {
  if (!schema) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.flatMap(named);
  const [first] = details;
  throw new Problem('invalid', `The ${part} is not valid: ${first?.name ? `${first.name}: ` : ''}${first?.value}`, details);
}

function named(issue: z.core.$ZodIssue): { name: string; value: string }[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ name: [...path, key].join('.'), value: 'unknown field' }));
  return [{ name: path.join('.'), value: issue.message }];
}

/** A request as it came. Header names are lower-case. */
export interface RawRequest {
  method: string;
  headers: Record<string, string>;
  cookies: Record<string, string>;
  query: Record<string, string>;
  body: Buffer;
  sourceIp: string;
}

/** API Gateway passes bodies of most content types in base64: either way these are the bytes that were sent. */
export const readRaw = (event: APIGatewayProxyEventV2): RawRequest => ({
  method: event.requestContext.http.method,
  headers: defined(event.headers),
  cookies: Object.fromEntries((event.cookies ?? []).map((one) => [nameIn(one), one.slice(nameIn(one).length + 1)])),
  query: defined(event.queryStringParameters ?? {}),
  body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
  sourceIp: event.requestContext.http.sourceIp,
});

const nameIn = (cookie: string) => cookie.split('=', 1)[0] ?? '';

const defined = (values: Record<string, string | undefined>) =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

const MOST_AGENT_CHARACTERS = 200;

/** From where a request came. */
export function cameFrom({ requestContext }: APIGatewayProxyEventV2): Origin {
  const { sourceIp: ip, userAgent } = requestContext.http;
  return { ip, ...(userAgent && { userAgent: firstWords(oneLine(userAgent), MOST_AGENT_CHARACTERS) }) };
}

export function originOf({ headers, requestContext }: APIGatewayProxyEventV2): string {
  const scheme = headers['x-forwarded-proto'] === 'http' ? 'http' : 'https';
  return `${scheme}://${headers['host'] ?? requestContext.domainName}`;
}

/** The JSON body. Throws `too-large`, `unsupported` or `invalid`. */
export function readBody(event: APIGatewayProxyEventV2): unknown {
  const raw = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (raw.length > BODY_LIMIT_BYTES)
    throw new Problem('too-large', `The body has ${raw.length} bytes; the limit is ${BODY_LIMIT_BYTES}.`);
  if (raw.length === 0) return undefined;

  const type = event.headers['content-type'];
  if (type !== undefined && !/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new Problem('unsupported', `The content type "${type}" is not supported. Send application/json.`);
  }
  const text = decode(raw);
  if (text.trim() === '') return undefined;
  const body = parse(text);
  inspectJson(body);
  return body;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Problem('invalid', 'The body is not UTF-8.');
  }
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new Problem('invalid', `The body is not JSON: ${error instanceof Error ? error.message.slice(0, 200) : ''}`);
  }
}
