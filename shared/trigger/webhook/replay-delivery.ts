import { notFound, Problem } from '../../problem.ts';
import type { Replay } from '../replay.ts';
import { startFrom, type WebhookDoor } from './receive-delivery.ts';
import { readDelivery } from './stored-delivery.ts';
import type { Webhooks } from './webhook.ts';

/** Starts a delivery again from its raw payload. It is verified with the secrets of now, against the time at which it came. */
export const replayDelivery =
  (services: Pick<WebhookDoor, 'starter' | 'seals'> & { webhooks: Webhooks }): Replay =>
  async (receipt, raw) => {
    if (!raw) throw new Problem('conflict', 'Nothing of this delivery was kept: it was too large.');
    const webhook = await services.webhooks.get(receipt.doorId);
    if (!webhook) throw notFound('webhook', receipt.doorId);
    return startFrom(services, webhook, readDelivery(raw), new Date(receipt.at));
  };
