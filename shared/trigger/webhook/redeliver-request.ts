import { notFound, Problem } from '../../kernel/problem.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Treated } from '../delivery/receive.ts';
import { startAgain, type WebhookServices } from './receive-request.ts';
import { readRequest } from './stored-request.ts';
import type { Webhooks } from './webhook.ts';

/** Starts a request again from its raw payload. */
export async function redeliverRequest(
  services: WebhookServices & { webhooks: Webhooks },
  delivery: Delivery,
  raw: Buffer | undefined,
): Promise<Treated> {
  if (!raw) throw new Problem('conflict', 'Nothing of this request was kept: it was too large.');
  const webhook = await services.webhooks.get(delivery.triggerId);
  if (!webhook) throw notFound('webhook', delivery.triggerId);
  return startAgain(services, webhook, readRequest(raw), delivery);
}
