import { randomBytes } from 'node:crypto';
import { anySigned, headerOf, hmac, plainSecretProblem, type Scheme, type WebhookRequest, wrongSignature } from '../scheme.ts';
import type { Signature } from '../webhook.ts';

/** As GitHub sends it. */
export const GITHUB: Signature = { header: 'x-hub-signature-256', prefix: 'sha256=', encoding: 'hex' };

const DELIVERY_HEADERS = [
  'x-github-delivery',
  'idempotency-key',
  'x-idempotency-key',
  'webhook-id',
  'x-webhook-id',
  'x-delivery-id',
];

/** HMAC-SHA256 of the raw body in a header of the sender's choice: GitHub, AgentRuntime and most that have no scheme of their own. */
export const sha256: Scheme = {
  timed: false,
  newSecret: () => randomBytes(32).toString('hex'),
  secretProblem: plainSecretProblem,
  verify(request, secrets, _at, signature = GITHUB) {
    const { header, prefix, encoding } = signature;
    const given = headerOf(request, header).trim();
    const sign = (secret: string) => prefix + hmac(secret, encoding, request.body);
    if (!anySigned([encoding === 'hex' ? given.toLowerCase() : given], secrets, (secret) => lower(sign(secret), encoding)))
      throw wrongSignature();
  },
  deliveryId: ({ headers }) => DELIVERY_HEADERS.map((name) => headers[name]).find(Boolean),
  challenge,
  jsonField: ({ header } = GITHUB) => (header === GITHUB.header ? 'payload' : undefined),
  sign: (body, secret, _at, { header, prefix, encoding } = GITHUB) => ({ [header]: prefix + hmac(secret, encoding, body) }),
};

const lower = (text: string, encoding: Signature['encoding']) => (encoding === 'hex' ? text.toLowerCase() : text);

/** Meta asks with `hub.challenge`, Dropbox and others with `challenge`. */
function challenge({ method, query }: WebhookRequest): string | undefined {
  return method === 'GET' ? (query['hub.challenge'] ?? query['challenge']) : undefined;
}
