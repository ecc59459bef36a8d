import type { IncomingMessage } from 'node:http';
import { AwsError } from './aws-error.ts';
import { readBodyAhead } from './body.ts';
import type { Credential } from './credential.ts';
import { requestSignature, sameSignature, sha256 } from './signature.ts';
import { OWN_SIGNATURE } from './unsigned.ts';

/** The largest body of any service but S3, whose hash its requests name: a body that is as large as they come is not held against it. */
const MAX_BODY_BYTES = 17 * 1024 * 1024;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d+\/[^/,\s]+\/([^/,\s]+)\/aws4_request), *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]+)$/;

/** The service that a request is signed for; undefined when no header signs it. Throws when the signature is not one of this credential. */
export async function signedService(request: IncomingMessage, credential: Credential): Promise<string | undefined> {
  const { authorization } = request.headers;
  if (authorization === undefined) return undefined;
  const [, accessKeyId, scope = '', service = '', headerNames = '', signature = ''] = AUTHORIZATION.exec(authorization) ?? [];
  // Functions of this process: signing and checking would be two fifths of what their calls cost.
  if (sameSignature(signature, OWN_SIGNATURE)) return service;
  if (accessKeyId !== credential.accessKeyId)
    throw refused('UnrecognizedClientException', 'The access key is not that of this data folder: use its file "credentials"');

  const wanted = requestSignature(
    request,
    {
      date: String(request.headers['x-amz-date'] ?? ''),
      scope,
      headerNames: headerNames.split(';'),
      query: new URLSearchParams((request.url ?? '').split('?')[1]),
      payloadHash:
        service === 's3'
          ? String(request.headers['x-amz-content-sha256'] ?? '')
          : sha256(await readBodyAhead(request, MAX_BODY_BYTES)),
    },
    credential.secretAccessKey,
  );
  if (sameSignature(signature, wanted)) return service;
  throw refused(
    'InvalidSignatureException',
    'The signature is not the one that this request has with the secret of this data folder',
  );
}

/** What nobody has signed. */
export function unsigned(): AwsError {
  return refused(
    'MissingAuthenticationTokenException',
    'The request is not signed: use the file "credentials" of the data folder',
  );
}

const refused = (code: string, message: string) => new AwsError(code, message, 403);
