import { z } from 'zod';

const full = z.looseObject({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.unknown().optional(),
  isBase64Encoded: z.boolean().nullish(),
});

export interface Answer {
  status: number;
  headers: Record<string, string | string[]>;
  body: string | Buffer;
}

/** What the client gets for what a function answered in format 2.0; undefined when API Gateway would call it malformed. */
export function answerOf(result: unknown): Answer | undefined {
  if (!isFull(result)) {
    const body = typeof result === 'string' ? result : JSON.stringify(result);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: body ?? '' };
  }
  const parsed = full.safeParse(result);
  if (!parsed.success) return undefined;
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  const text = body === undefined || body === null ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return {
    status: statusCode,
    headers: {
      ...(text && { 'content-type': 'text/plain;charset=UTF-8' }),
      ...Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)])),
      ...(cookies?.length && { 'set-cookie': cookies }),
    },
    body: isBase64Encoded ? Buffer.from(text, 'base64') : text,
  };
}

/** Words of API Gateway's own, in the form that every refusal of the API has. */
export function gatewayAnswer(
  status: number,
  message: string,
): { status: number; headers: Record<string, string>; body: string } {
  const body = JSON.stringify({ status_code: status, message, details: null });
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  return { status, headers, body };
}

function isFull(result: unknown): result is object {
  return typeof result === 'object' && result !== null && 'statusCode' in result;
}
