import { dynamo, kms } from '../../shared/aws/clients.ts';
import { env } from '../../shared/kernel/env.ts';
import type { DeliveryTrigger } from '../../shared/trigger/delivery/delivery.ts';
import type { Redeliver } from '../../shared/trigger/delivery/redeliver.ts';
import { startMailAgain } from '../../shared/trigger/email/receive-mail.ts';
import { redeliverFire } from '../../shared/trigger/schedule/redeliver-fire.ts';
import { redeliverRequest } from '../../shared/trigger/webhook/redeliver-request.ts';
import { KmsSeals } from '../../shared/trigger/webhook/sealed-secrets.kms.ts';
import { DynamoWebhooks } from '../../shared/trigger/webhook/webhook.dynamo.ts';
import { emailServices } from './email.ts';
import { engineServices } from './engine.ts';
import { scheduleServices } from './schedule.ts';

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
