import * as z from 'zod';
import { shownHeaders } from './mapping.ts';
import type { Delivery } from './scheme.ts';
import type { Webhook } from './webhook.ts';

const storedDelivery = z.object({
  method: z.string(),
  headers: z.record(z.string(), z.string()),
  query: z.record(z.string(), z.string()),
  /** Base64, since it may be any bytes. */
  body: z.string(),
});

/** A delivery as it is kept: enough to verify and start it again, without the credentials of others. */
export function writeDelivery({ signature }: Webhook, { method, headers, query, body }: Delivery): Buffer {
  const signed = signature && headers[signature.header];
  const kept = { ...shownHeaders(headers), ...(signature && signed !== undefined && { [signature.header]: signed }) };
  return Buffer.from(JSON.stringify({ method, headers: kept, query, body: body.toString('base64') }));
}

export function readDelivery(raw: Buffer): Delivery {
  const { body, ...rest } = storedDelivery.parse(JSON.parse(raw.toString()));
  return { ...rest, body: Buffer.from(body, 'base64') };
}
