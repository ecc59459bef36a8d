import { randomBytes } from 'node:crypto';
import type { Scheme } from '../scheme.ts';
import { sha256 } from './sha256.ts';

/** Nothing is signed: whoever knows the URL, whose end is the secret, is let in. */
export const none: Scheme = {
  timed: false,
  newSecret: () => randomBytes(32).toString('base64url'),
  secretProblem: () => 'cannot be chosen: without signatures it is the end of the URL, and must be unguessable',
  verify: () => {},
  deliveryId: sha256.deliveryId,
  challenge: ({ method, query }) => (method === 'GET' ? (query['hub.challenge'] ?? query['challenge']) : undefined),
  sign: () => ({}),
};
