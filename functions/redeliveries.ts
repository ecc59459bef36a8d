import type { DeliveryTrigger } from '../shared/trigger/delivery/delivery.ts';
import type { Redeliver } from '../shared/trigger/delivery/redeliver.ts';
import { startMailAgain } from '../shared/trigger/email/receive-mail.ts';
import { redeliverEvent } from '../shared/trigger/event/receive-event.ts';
import { redeliverMessage } from '../shared/trigger/queue/receive-message.ts';
import { redeliverFire } from '../shared/trigger/schedule/redeliver-fire.ts';
import { redeliverRequest } from '../shared/trigger/webhook/redeliver-request.ts';
import { emailServices, engineServices, eventRules, queues, scheduleServices, seals, webhooks } from './adapters.ts';

/** Every trigger that can start again what it turned away; a trigger without a line here cannot. */
export const redeliveries: Partial<Record<DeliveryTrigger, Redeliver>> = {
  email: (delivery) => startMailAgain(emailServices(), delivery),
  event: (delivery, raw) => redeliverEvent({ ...engineServices(), rules: eventRules() }, delivery, raw),
  queue: (delivery, raw) => redeliverMessage({ ...engineServices(), queues: queues() }, delivery, raw),
  schedule: (delivery) => redeliverFire(scheduleServices(), delivery),
  webhook: (delivery, raw) => redeliverRequest({ ...engineServices(), seals: seals(), webhooks: webhooks() }, delivery, raw),
};
