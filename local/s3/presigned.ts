import type { IncomingMessage } from 'node:http';
import { requestSignature, sameSignature, scopeOf } from '../aws/signature.ts';
import { S3Error } from './s3-error.ts';

/** Checks a URL that was signed for others to use. */
export function checkPresigned(request: IncomingMessage, query: URLSearchParams, secret: string, now = new Date()): void {
  const date = query.get('X-Amz-Date') ?? '';
  const until = instantOf(date) + Number(query.get('X-Amz-Expires') ?? 0) * 1000;
  if (!(now.getTime() < until)) throw new S3Error('AccessDenied', 'Request has expired', 403);

  const covered = new URLSearchParams([...query].filter(([name]) => name !== 'X-Amz-Signature'));
  const parts = {
    date,
    scope: scopeOf(query.get('X-Amz-Credential') ?? ''),
    headerNames: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    query: covered,
    payloadHash: query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
  };
  if (!sameSignature(query.get('X-Amz-Signature') ?? '', requestSignature(request, parts, secret)))
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
      403,
    );
}

/** `20260102T030405Z` */
const instantOf = (text: string) => Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
