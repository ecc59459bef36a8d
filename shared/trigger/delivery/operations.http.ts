import * as z from 'zod';
import { operation } from '../../edge/route.ts';
import { listQuery, resourceId } from '../../edge/schema.ts';
import { deliveryEntries, deliveryEntry, deliveryFilter } from './delivery.http.ts';
import { RAW_TYPE } from './raw.ts';

const at = { tag: 'deliveries', entry: 'api/deliveries' } as const;
const params = z.object({ delivery_id: resourceId });

export const deliveries = {
  listDeliveries: operation({
    ...at,
    method: 'GET',
    path: '/v1/deliveries',
    summary: 'What arrived at mailboxes, schedules, webhooks, queues and event rules, newest first',
    query: z.strictObject({ ...deliveryFilter, ...listQuery(25) }),
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
  getRawDelivery: operation({
    ...at,
    method: 'GET',
    path: '/v1/deliveries/{delivery_id}/raw',
    summary:
      'What was delivered, byte for byte but for credentials in its head: a mail, a request of a webhook, a message of a queue, an event',
    role: 'editor',
    params,
    responses: { 200: RAW_TYPE },
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
