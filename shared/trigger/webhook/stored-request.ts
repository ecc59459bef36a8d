import * as z from 'zod';
import { shownHeaders } from './mapping.ts';
import type { WebhookRequest } from './scheme.ts';
import type { Webhook } from './webhook.ts';

const storedRequest = z.object({
  method: z.string(),
  headers: z.record(z.string(), z.string()),
  query: z.record(z.string(), z.string()),
  /** Base64, since it may be any bytes. */
  body: z.string(),
});

/** A request as it is kept: enough to verify and start it again, without the credentials of others. */
export function writeRequest({ signature }: Webhook, { method, headers, query, body }: WebhookRequest): Buffer {
  const signed = signature && headers[signature.header];
  const kept = { ...shownHeaders(headers), ...(signature && signed !== undefined && { [signature.header]: signed }) };
  return Buffer.from(JSON.stringify({ method, headers: kept, query, body: body.toString('base64') }));
}

export function readRequest(raw: Buffer): WebhookRequest {
  const { body, ...rest } = storedRequest.parse(JSON.parse(raw.toString()));
  return { ...rest, body: Buffer.from(body, 'base64') };
}
