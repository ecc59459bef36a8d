import { notFound, Problem } from '../../kernel/problem.ts';
import type { Started } from '../../run/start/start-run.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { startFrom, type WebhookServices } from './receive-request.ts';
import { readRequest } from './stored-request.ts';
import type { Webhooks } from './webhook.ts';

/** Starts a request again from its raw payload. It is verified with the secrets of now, against the time at which it came. */
export async function redeliverRequest(
  services: WebhookServices & { webhooks: Webhooks },
  delivery: Delivery,
  raw: Buffer | undefined,
): Promise<Started> {
  if (!raw) throw new Problem('conflict', 'Nothing of this request was kept: it was too large.');
  const webhook = await services.webhooks.get(delivery.triggerId);
  if (!webhook) throw notFound('webhook', delivery.triggerId);
  return startFrom(services, webhook, readRequest(raw), new Date(delivery.at));
}
