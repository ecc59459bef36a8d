import { env } from '../env.ts';
import type { DeliveryTrigger } from '../trigger/delivery.ts';
import { startMailAgain } from '../trigger/mail/receive-mail.ts';
import type { Redeliver } from '../trigger/replay.ts';
import { redeliverFire } from '../trigger/schedule/replay-fire.ts';
import { redeliverRequest } from '../trigger/webhook/replay-delivery.ts';
import { dynamo, kms } from './clients.ts';
import { DynamoWebhooks } from './dynamo-webhooks.ts';
import { emailServices } from './mail-door.ts';
import { KmsSeals } from './seals.ts';
import { engineServices } from './services.ts';
import { scheduleServices } from './timekeeper.ts';

/** Every trigger that can start again what it turned away; a trigger without a line here cannot. */
export function redeliveries(): Partial<Record<DeliveryTrigger, Redeliver>> {
  const starter = engineServices();
  return {
    email: (delivery) => startMailAgain(emailServices(), delivery),
    schedule: (delivery) => redeliverFire(scheduleServices(), delivery),
    webhook: redeliverRequest({
      starter,
      seals: new KmsSeals(kms, env.secretsKey()),
      webhooks: new DynamoWebhooks(dynamo, env.triggersTable()),
    }),
  };
}
