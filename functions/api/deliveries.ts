import { http, type RequestOf } from '../../shared/api/http.ts';
import { dynamo, s3 } from '../../shared/aws/clients.ts';
import { ok } from '../../shared/edge/answer.ts';
import { pageView } from '../../shared/edge/schema.ts';
import { env } from '../../shared/kernel/env.ts';
import { notFound, Problem } from '../../shared/kernel/problem.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { DynamoDeliveries } from '../../shared/trigger/delivery/delivery.dynamo.ts';
import { deliveryView } from '../../shared/trigger/delivery/delivery.http.ts';
import type { Deliveries, Delivery } from '../../shared/trigger/delivery/delivery.ts';
import { BucketPayloads } from '../../shared/trigger/delivery/payloads.s3.ts';
import { type RedeliveryServices, redeliver as redeliverTo } from '../../shared/trigger/delivery/redeliver.ts';
import { redeliveries } from '../services/redeliveries.ts';

export async function listDeliveries({ query, caller }: RequestOf<'listDeliveries'>, { deliveries }: RedeliveryServices) {
  const project = query.project_id ?? caller.project;
  if (caller.project !== undefined && project !== caller.project)
    throw new Problem('forbidden', `The key "${caller.name}" belongs to project "${caller.project}".`);
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
  const delivery = await deliveries.get(id);
  const mine = delivery?.workspace === caller.workspace && (caller.project === undefined || caller.project === delivery.project);
  if (!delivery || !mine) throw notFound('delivery', id);
  return delivery;
}

export const handler = http({ listDeliveries, getDelivery, redeliver }, () => ({
  deliveries: new DynamoDeliveries(dynamo, { table: env.triggersTable(), retentionDays: env.retentionDays() }),
  payloads: new BucketPayloads(s3, env.valuesBucket()),
  redeliveries: redeliveries(),
  now: () => new Date(),
}));
