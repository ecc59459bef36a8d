import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';

type SignRequest = (this: Signer, request: Request, options?: { signingService?: string }) => Promise<Request>;

interface Signer {
  service?: string;
}

interface Request {
  hostname?: string;
  port?: number;
  headers: Record<string, string>;
}

/** What functions of this process say in place of a signature; nobody else knows it. */
export const OWN_SIGNATURE = randomBytes(32).toString('hex');

/** Ports of this process, which knows itself without a signature. */
const ports = new Set<number>();
let patched = false;

/**
 * Spares requests of this process to this port their signature: making it is two fifths of what a call of the SDK costs. Requests to anywhere
 * else are signed as ever. Returns how to end it.
 */
export function skipSignatures(port: number): () => void {
  ports.add(port);
  patch();
  return () => ports.delete(port);
}

function patch(): void {
  if (patched) return;
  patched = true;
  const signer = signerPrototype();
  const signRequest: unknown = signer && Reflect.get(signer, 'signRequest');
  // Another version of the SDK: slower, and otherwise the same.
  if (!signer || !isSignRequest(signRequest)) return;
  Reflect.set(signer, 'signRequest', async function (this: Signer, request: Request, options?: { signingService?: string }) {
    if (request.hostname !== '127.0.0.1' || !ports.has(request.port ?? 0)) return signRequest.call(this, request, options);
    const service = options?.signingService ?? this.service ?? '';
    request.headers['x-amz-date'] = '20260101T000000Z';
    request.headers['authorization'] =
      `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${OWN_SIGNATURE}`;
    return request;
  });
}

/** The signer that the SDK uses, which need not be the one that a dependency of our own would be. */
function signerPrototype(): object | undefined {
  try {
    const sdk = createRequire(createRequire(import.meta.url).resolve('@aws-sdk/client-dynamodb'));
    const core = createRequire(sdk.resolve('@aws-sdk/core'));
    const { SignatureV4 }: { SignatureV4?: { prototype: object } } = core('@smithy/signature-v4');
    return SignatureV4?.prototype;
  } catch {
    return undefined;
  }
}

function isSignRequest(value: unknown): value is SignRequest {
  return typeof value === 'function';
}
