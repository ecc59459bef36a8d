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

/** Stripe: `stripe-signature: t=<seconds>,v1=<hex>`, signed over time and body; the event's id stands in the body. */
export const stripe: Scheme = {
  timed: true,
  newSecret: () => `whsec_${randomBytes(24).toString('base64url')}`,
  secretProblem: plainSecretProblem,
  verify(request, secrets, at) {
    const parts = headerOf(request, 'stripe-signature')
      .split(',')
      .map((part) => part.trim());
    const valuesOf = (name: string) =>
      parts.flatMap((part) => (part.startsWith(`${name}=`) ? [part.slice(name.length + 1)] : []));
    const [time = ''] = valuesOf('t');
    checkTime(time, at);
    const sign = (secret: string) => hmac(secret, 'hex', `${time}.`, request.body);
    if (!anySigned(valuesOf('v1'), secrets, sign)) throw wrongSignature();
  },
  deliveryId: (request) => fieldOf(request, 'id'),
  sign(body, secret, at) {
    const time = secondsOf(at);
    return { 'stripe-signature': `t=${time},v1=${hmac(secret, 'hex', `${time}.`, body)}` };
  },
};
