import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

export const newSigningSecret = () => `whsec_${randomBytes(24).toString('base64')}`;

/** The headers by which a receiver knows who sends, and what it has heard before: Standard Webhooks. The id is the same each time. */
export const signedHeaders = (secret: string, { id, payload }: { id: string; payload: string }, now: Date) => ({
  'content-type': 'application/json',
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
  'webhook-signature': new Webhook(secret).sign(id, now, payload),
});
