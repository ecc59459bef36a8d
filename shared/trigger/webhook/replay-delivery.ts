import { notFound, Problem } from '../../problem.ts';
import type { Replay } from '../replay.ts';
import { startFrom, type WebhookDoor } from './receive-delivery.ts';
import { readRequest } from './stored-delivery.ts';
import type { Webhooks } from './webhook.ts';

/** Starts a request again from its raw payload. It is verified with the secrets of now, against the time at which it came. */
export const redeliverRequest =
  (services: Pick<WebhookDoor, 'starter' | 'seals'> & { webhooks: Webhooks }): Replay =>
  async (receipt, raw) => {
    if (!raw) throw new Problem('conflict', 'Nothing of this request was kept: it was too large.');
    const webhook = await services.webhooks.get(receipt.doorId);
    if (!webhook) throw notFound('webhook', receipt.doorId);
    return startFrom(services, webhook, readRequest(raw), new Date(receipt.at));
  };
