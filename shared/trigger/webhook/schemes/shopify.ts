import type { Scheme } from '../scheme.ts';
import { sha256 } from './sha256.ts';

const SIGNATURE = { header: 'x-shopify-hmac-sha256', prefix: '', encoding: 'base64' } as const;

/** Shopify: the HMAC of the raw body in base64. */
export const shopify: Scheme = {
  timed: false,
  newSecret: sha256.newSecret,
  secretProblem: sha256.secretProblem,
  verify: (request, secrets, at) => sha256.verify(request, secrets, at, SIGNATURE),
  deliveryId: ({ headers }) => headers['x-shopify-webhook-id'] ?? headers['x-shopify-event-id'],
  sign: (body, secret, at) => sha256.sign(body, secret, at, SIGNATURE),
};
