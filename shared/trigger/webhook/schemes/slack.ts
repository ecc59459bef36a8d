import { randomBytes } from 'node:crypto';
import {
  anySigned,
  checkTime,
  fieldOf,
  headerOf,
  hmac,
  plainSecretProblem,
  type Scheme,
  secondsOf,
  wrongSignature,
} from '../scheme.ts';

/** Slack: `x-slack-signature: v0=<hex>` over version, time and body. It asks its question with a POST that is signed like any other. */
export const slack: Scheme = {
  timed: true,
  newSecret: () => randomBytes(16).toString('hex'),
  secretProblem: plainSecretProblem,
  verify(request, secrets, at) {
    const time = headerOf(request, 'x-slack-request-timestamp');
    const given = headerOf(request, 'x-slack-signature');
    checkTime(time, at);
    const sign = (secret: string) => `v0=${hmac(secret, 'hex', `v0:${time}:`, request.body)}`;
    if (!anySigned([given], secrets, sign)) throw wrongSignature();
  },
  deliveryId: (request) => fieldOf(request, 'event_id'),
  challenge: (request) =>
    request.method === 'POST' && fieldOf(request, 'type') === 'url_verification' ? fieldOf(request, 'challenge') : undefined,
  // Its buttons and dialogs; its events are JSON, its commands a form without that field.
  jsonField: () => 'payload',
  sign(body, secret, at) {
    const time = secondsOf(at);
    return { 'x-slack-request-timestamp': time, 'x-slack-signature': `v0=${hmac(secret, 'hex', `v0:${time}:`, body)}` };
  },
};
