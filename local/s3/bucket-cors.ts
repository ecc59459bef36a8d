import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { Resource } from '../cloudformation/stack.ts';

const rule = z.looseObject({
  AllowedOrigins: z.array(z.string()),
  AllowedMethods: z.array(z.string()),
  AllowedHeaders: z.array(z.string()).default([]),
  ExposedHeaders: z.array(z.string()).default([]),
  MaxAge: z.number().optional(),
});
const properties = z.looseObject({ CorsConfiguration: z.looseObject({ CorsRules: z.array(rule) }).optional() });
export type CorsRule = z.infer<typeof rule>;

/** Pages of this machine may do here what those of `corsOrigins` may do on AWS. */
const OWN_PAGES: CorsRule = {
  AllowedOrigins: ['http://localhost:*', 'http://127.0.0.1:*'],
  AllowedMethods: ['GET', 'HEAD', 'POST'],
  AllowedHeaders: ['*'],
  ExposedHeaders: ['etag'],
};

export const corsOf = (bucket: Resource): CorsRule[] => [
  ...(properties.parse(bucket.properties).CorsConfiguration?.CorsRules ?? []),
  OWN_PAGES,
];

/** Sets the headers that let a page see the answer. True when that was all it asked for. */
export function answerCors(rules: CorsRule[], request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers;
  const preflight = request.method === 'OPTIONS';
  if (origin === undefined) return false;
  const method = preflight ? request.headers['access-control-request-method'] : request.method;
  const found = rules.find(
    ({ AllowedOrigins, AllowedMethods }) =>
      AllowedMethods.includes(method ?? '') && AllowedOrigins.some((pattern) => matches(pattern, origin)),
  );
  if (found) {
    response.setHeader('access-control-allow-origin', found.AllowedOrigins.includes('*') ? '*' : origin);
    response.setHeader('access-control-allow-methods', found.AllowedMethods.join(', '));
    response.setHeader('vary', 'Origin');
    if (found.ExposedHeaders.length > 0) response.setHeader('access-control-expose-headers', found.ExposedHeaders.join(', '));
    const asked = request.headers['access-control-request-headers'];
    if (preflight && asked) response.setHeader('access-control-allow-headers', asked);
    if (preflight && found.MaxAge !== undefined) response.setHeader('access-control-max-age', String(found.MaxAge));
  }
  if (preflight) response.writeHead(found ? 200 : 403, { 'content-length': 0 }).end();
  return preflight;
}

/** An origin with at most one star. */
function matches(pattern: string, origin: string): boolean {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return pattern === origin;
  return origin.startsWith(before) && origin.endsWith(after) && origin.length >= before.length + after.length;
}
