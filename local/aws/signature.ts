import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What a version 4 signature covers beside the method and the path. */
export interface SignedParts {
  /** `20260102T030405Z` */
  date: string;
  /** `<day>/<region>/<service>/aws4_request` */
  scope: string;
  headerNames: string[];
  query: URLSearchParams;
  payloadHash: string;
}

/** The signature that a request must have. */
export function requestSignature(request: IncomingMessage, parts: SignedParts, secret: string): string {
  const { date, scope } = parts;
  return signatureOf(['AWS4-HMAC-SHA256', date, scope, sha256(canonical(request, parts))].join('\n'), scope, secret);
}

/** The signature of a text that is signed as it is, such as the policy of a form. */
export function signatureOf(text: string, scope: string, secret: string): string {
  const key = scope.split('/').reduce<string | Buffer>((made, part) => hmac(made, part), `AWS4${secret}`);
  return hmac(key, text).toString('hex');
}

/** `AKID/<day>/<region>/<service>/aws4_request` without the key's id. */
export const scopeOf = (credential: string) => credential.split('/').slice(-4).join('/');

/** Takes as long wherever the two differ. */
export function sameSignature(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

export const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');

function canonical({ method, url = '', headers }: IncomingMessage, parts: SignedParts): string {
  const path = url.split('?')[0] ?? '';
  return [
    method,
    // Every service but S3 encodes the path that is encoded already once more.
    parts.scope.includes('/s3/') ? path : path.split('/').map(encoded).join('/'),
    [...parts.query]
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .sort()
      .join('&'),
    ...parts.headerNames.map((name) => `${name}:${String(headers[name] ?? '').trim()}`),
    '',
    parts.headerNames.join(';'),
    parts.payloadHash,
  ].join('\n');
}

const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
