import { projectOf, visible } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { deliveryFilterOf, deliveryView } from '../../shared/trigger/delivery/delivery.http.ts';
import type { Deliveries, Delivery, DeliveryTrigger } from '../../shared/trigger/delivery/delivery.ts';
import { deliveries as deliveriesOperations } from '../../shared/trigger/delivery/operations.http.ts';
import { RAW_TYPE, type RawForm, type RawServices, rawDelivery } from '../../shared/trigger/delivery/raw.ts';
import { type RedeliveryServices, redeliver as redeliverTo } from '../../shared/trigger/delivery/redeliver.ts';
import { rawMail } from '../../shared/trigger/email/raw-mail.ts';
import { rawEvent } from '../../shared/trigger/event/event.ts';
import { rawMessage } from '../../shared/trigger/queue/message.ts';
import { rawRequest } from '../../shared/trigger/webhook/raw-request.ts';
import { deliveries, now, payloads, recorder } from '../adapters.ts';
import { redeliveries } from '../redeliveries.ts';

type Services = RedeliveryServices & RawServices;

export async function listDeliveries({ query, caller }: RequestOf<'listDeliveries'>, { deliveries }: RedeliveryServices) {
  const project = projectOf(caller, query.project_id);
  const { limit, continuation_token: token, ...rest } = query;
  const found = await deliveries.list(deliveryFilterOf(rest, { workspace: caller.workspace, project }), { limit, token });
  return ok({ ...pageView(found, deliveryView), searched_to: found.searchedTo ?? null });
}

export async function getDelivery({ params, caller }: RequestOf<'getDelivery'>, { deliveries }: RedeliveryServices) {
  return ok(deliveryView(await deliveryOf(deliveries, caller, params.delivery_id)));
}

export async function getRawDelivery({ params, caller }: RequestOf<'getRawDelivery'>, services: Services) {
  const { name, bytes } = await rawDelivery(services, await deliveryOf(services.deliveries, caller, params.delivery_id));
  const headers = {
    'content-type': RAW_TYPE,
    'content-disposition': `attachment; filename="${name}"`,
    'cache-control': 'no-store',
    'content-security-policy': "sandbox; default-src 'none'",
  };
  return { status: 200, body: bytes, headers };
}

export async function redeliver({ params, caller }: RequestOf<'redeliver'>, services: RedeliveryServices) {
  return ok(deliveryView(await redeliverTo(services, await deliveryOf(services.deliveries, caller, params.delivery_id))));
}

async function deliveryOf(deliveries: Deliveries, caller: Caller, id: string): Promise<Delivery> {
  return visible(caller, 'delivery', id, await deliveries.get(id));
}

/** How payloads are shown; a trigger without a line here keeps none. */
const rawForms: Partial<Record<DeliveryTrigger, RawForm>> = {
  email: rawMail,
  webhook: rawRequest,
  queue: rawMessage,
  event: rawEvent,
};

export const handler = http(
  deliveriesOperations,
  { listDeliveries, getDelivery, getRawDelivery, redeliver },
  () => ({
    deliveries: deliveries(),
    payloads: payloads(),
    redeliveries,
    rawForms,
    now,
  }),
  recorder,
);
