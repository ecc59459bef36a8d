import { projectOf, visible } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { deliveryView } from '../../shared/trigger/delivery/delivery.http.ts';
import type { Deliveries, Delivery, DeliveryTrigger } from '../../shared/trigger/delivery/delivery.ts';
import { deliveries as deliveriesOperations } from '../../shared/trigger/delivery/operations.http.ts';
import { type Redeliver, type RedeliveryServices, redeliver as redeliverTo } from '../../shared/trigger/delivery/redeliver.ts';
import { startMailAgain } from '../../shared/trigger/email/receive-mail.ts';
import { redeliverFire } from '../../shared/trigger/schedule/redeliver-fire.ts';
import { redeliverRequest } from '../../shared/trigger/webhook/redeliver-request.ts';
import {
  deliveries,
  emailServices,
  engineServices,
  now,
  payloads,
  recorder,
  scheduleServices,
  seals,
  webhooks,
} from '../adapters.ts';

export async function listDeliveries({ query, caller }: RequestOf<'listDeliveries'>, { deliveries }: RedeliveryServices) {
  const project = projectOf(caller, query.project_id);
  const { workflow_id: workflowId, trigger, outcome, limit, continuation_token: token } = query;
  const filter = { workspace: caller.workspace, project, workflowId, trigger, outcome };
  return ok(pageView(await deliveries.list(filter, { limit, token }), deliveryView));
}

export async function getDelivery({ params, caller }: RequestOf<'getDelivery'>, { deliveries }: RedeliveryServices) {
  return ok(deliveryView(await deliveryOf(deliveries, caller, params.delivery_id)));
}

export async function redeliver({ params, caller }: RequestOf<'redeliver'>, services: RedeliveryServices) {
  return ok(deliveryView(await redeliverTo(services, await deliveryOf(services.deliveries, caller, params.delivery_id))));
}

async function deliveryOf(deliveries: Deliveries, caller: Caller, id: string): Promise<Delivery> {
  return visible(caller, 'delivery', id, await deliveries.get(id));
}

/** Every trigger that can start again what it turned away; a trigger without a line here cannot. */
const redeliveries: Partial<Record<DeliveryTrigger, Redeliver>> = {
  email: (delivery) => startMailAgain(emailServices(), delivery),
  schedule: (delivery) => redeliverFire(scheduleServices(), delivery),
  webhook: (delivery, raw) => redeliverRequest({ ...engineServices(), seals: seals(), webhooks: webhooks() }, delivery, raw),
};

export const handler = http(
  deliveriesOperations,
  { listDeliveries, getDelivery, redeliver },
  () => ({
    deliveries: deliveries(),
    payloads: payloads(),
    redeliveries,
    now,
  }),
  recorder,
);
