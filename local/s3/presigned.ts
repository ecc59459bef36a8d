import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Error } from './s3-error.ts';
import { scopeOf, signatureOf } from './signing.ts';

/** Checks a URL that was signed for others to use; what is not presigned passes. */
export function checkPresigned(request: IncomingMessage, query: URLSearchParams, now = new Date()): void {
  const signature = query.get('X-Amz-Signature');
  if (signature === null) return;
  const date = query.get('X-Amz-Date') ?? '';
  const until = instantOf(date) + Number(query.get('X-Amz-Expires') ?? 0) * 1000;
  if (!(now.getTime() < until)) throw new S3Error('AccessDenied', 'Request has expired', 403);

  const scope = scopeOf(query.get('X-Amz-Credential') ?? '');
  const text = ['AWS4-HMAC-SHA256', date, scope, createHash('sha256').update(canonical(request, query)).digest('hex')].join('\n');
  if (signatureOf(text, scope) !== signature)
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
      403,
    );
}

function canonical({ method, url = '', headers }: IncomingMessage, query: URLSearchParams): string {
  const signed = (query.get('X-Amz-SignedHeaders') ?? '').split(';');
  const parameters = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort();
  return [
    method,
    url.split('?')[0],
    parameters.join('&'),
    ...signed.map((name) => `${name}:${String(headers[name] ?? '').trim()}`),
    '',
    signed.join(';'),
    query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
  ].join('\n');
}

const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** `20260102T030405Z` */
const instantOf = (text: string) => Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
