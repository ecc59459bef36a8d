import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type * as z from 'zod';
import { Problem } from '../problem.ts';
import { VALUE_LIMIT_BYTES } from '../run/value.ts';

/** A value of the largest size and the words around it. Lambda itself takes 6 MB. */
const BODY_LIMIT_BYTES = VALUE_LIMIT_BYTES + 64 * 1024;
const DEPTH_LIMIT = 100;
/** What has no form in UTF-8 can be neither stored nor answered. */
const HALF_CHARACTER = 'The body has a text with half a character (a lone surrogate such as \\ud800).';

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
  inspect(body, 0);
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
    return JSON.parse(text);
  } catch (error) {
    throw new Problem('invalid', `The body is not JSON: ${error instanceof Error ? error.message.slice(0, 200) : ''}`);
  }
}

/** Refuses what JSON allows and code that merges objects does not survive. */
function inspect(value: unknown, depth: number): void {
  if (typeof value === 'string' && !value.isWellFormed()) throw new Problem('invalid', HALF_CHARACTER);
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEPTH_LIMIT) throw new Problem('invalid', `The body is nested deeper than ${DEPTH_LIMIT} levels.`);
  if (Object.hasOwn(value, '__proto__'))
    throw new Problem('invalid', 'The body has a field named __proto__.', [{ name: '__proto__', value: 'unknown field' }]);
  if (!Array.isArray(value) && !Object.keys(value).every((key) => key.isWellFormed()))
    throw new Problem('invalid', HALF_CHARACTER);
  for (const inner of Object.values(value)) inspect(inner, depth + 1);
}
