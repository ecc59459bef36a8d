import * as z from 'zod';
import { operation } from '../../edge/route.ts';
import { listQuery, resourceId } from '../../edge/schema.ts';
import { deliveryEntries, deliveryEntry } from './delivery.http.ts';
import { DELIVERY_TRIGGERS, OUTCOMES } from './delivery.ts';

const at = { tag: 'deliveries', entry: 'api/deliveries' } as const;
const params = z.object({ delivery_id: resourceId });

export const deliveries = {
  listDeliveries: operation({
    ...at,
    method: 'GET',
    path: '/v1/deliveries',
    summary: 'What arrived at mailboxes, schedules and webhooks, newest first',
    query: z.strictObject({
      workflow_id: resourceId.optional(),
      project_id: resourceId.optional(),
      trigger: z.enum(DELIVERY_TRIGGERS).optional(),
      outcome: z.enum(OUTCOMES).optional(),
      ...listQuery(25),
    }),
    responses: { 200: deliveryEntries },
  }),
  getDelivery: operation({
    ...at,
    method: 'GET',
    path: '/v1/deliveries/{delivery_id}',
    summary: 'One delivery',
    params,
    responses: { 200: deliveryEntry },
  }),
  redeliver: operation({
    ...at,
    method: 'POST',
    path: '/v1/deliveries/{delivery_id}/redeliver',
    summary: 'Give a rejected delivery another chance',
    act: 'delivery.redeliver',
    role: 'operator',
    params,
    responses: { 200: deliveryEntry },
  }),
};
