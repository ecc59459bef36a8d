import { notFound, Problem } from '../../kernel/problem.ts';
import type { Redeliver } from '../delivery/redeliver.ts';
import { startFrom, type WebhookServices } from './receive-request.ts';
import { readRequest } from './stored-request.ts';
import type { Webhooks } from './webhook.ts';

/** Starts a request again from its raw payload. It is verified with the secrets of now, against the time at which it came. */
export const redeliverRequest =
  (services: Pick<WebhookServices, 'starter' | 'seals'> & { webhooks: Webhooks }): Redeliver =>
  async (delivery, raw) => {
    if (!raw) throw new Problem('conflict', 'Nothing of this request was kept: it was too large.');
    const webhook = await services.webhooks.get(delivery.triggerId);
    if (!webhook) throw notFound('webhook', delivery.triggerId);
    return startFrom(services, webhook, readRequest(raw), new Date(delivery.at));
  };
