import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { newId } from '../../../kernel/id.ts';
import { anySigned, checkTime, headerOf, refused, type Scheme, secondsOf, wrongSignature } from '../scheme.ts';

/** Signatures of versions we do not know, such as `v1a`, stand beside those we do. */
const VERSION = 'v1,';
const SECRET_BYTES = 24;

/** Standard Webhooks (standardwebhooks.com): Svix, OpenAI and others. */
export const standard: Scheme = {
  timed: true,
  newSecret: () => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`,
  secretProblem(secret) {
    const text = secret.replace(/^whsec_/, '');
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text || bytes.length < SECRET_BYTES || bytes.length > 64)
      return 'must be whsec_ and 24 to 64 bytes in base64';
    return undefined;
  },
  verify(request, secrets, at) {
    const id = headerOf(request, 'webhook-id');
    const time = headerOf(request, 'webhook-timestamp');
    const given = headerOf(request, 'webhook-signature').split(' ');
    checkTime(time, at);
    // The library signs text, and bytes that are no text would all look alike to it.
    if (!isUtf8(request.body)) throw refused('The body is not UTF-8, which Standard Webhooks asks for.');
    const signed = given.filter((one) => one.startsWith(VERSION));
    const sign = (secret: string) => new Webhook(secret).sign(id, new Date(Number(time) * 1000), request.body.toString());
    if (!anySigned(signed, secrets, sign)) throw wrongSignature();
  },
  deliveryId: ({ headers }) => headers['webhook-id'],
  sign(body, secret, at) {
    const id = `msg_${newId(at.getTime())}`;
    return {
      'webhook-id': id,
      'webhook-timestamp': secondsOf(at),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    };
  },
};
