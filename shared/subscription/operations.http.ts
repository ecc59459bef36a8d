import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { listQuery, resourceId } from '../edge/schema.ts';
import {
  changedSubscription,
  createdSubscription,
  newSubscription,
  redelivered,
  redeliveries,
  subscriptionDeliveries,
  subscriptionDelivery,
  subscriptionEntries,
  subscriptionEntry,
} from './subscription.http.ts';

const at = { tag: 'subscriptions', entry: 'api/subscriptions' } as const;
const one = { ...at, path: '/v1/subscriptions/{subscription_id}', params: z.object({ subscription_id: resourceId }) } as const;

export const subscriptions = {
  createSubscription: operation({
    ...at,
    method: 'POST',
    path: '/v1/subscriptions',
    act: 'subscription.create',
    summary: 'Tell a webhook or the event bus what happens in a project',
    role: 'admin',
    body: newSubscription,
    responses: { 201: createdSubscription },
    refuses: [409],
  }),
  listSubscriptions: operation({
    ...at,
    method: 'GET',
    path: '/v1/subscriptions',
    summary: 'Subscriptions, newest first',
    query: z.strictObject({ project_id: resourceId.optional(), ...listQuery(25) }),
    responses: { 200: subscriptionEntries },
  }),
  getSubscription: operation({
    ...one,
    method: 'GET',
    summary: 'One subscription, and whether its receiver takes what it is sent',
    responses: { 200: subscriptionEntry },
  }),
  changeSubscription: operation({
    ...one,
    method: 'PATCH',
    act: 'subscription.change',
    summary: 'Other events, another filter or URL; off or on',
    role: 'admin',
    body: changedSubscription,
    responses: { 200: subscriptionEntry },
    refuses: [409],
  }),
  deleteSubscription: operation({
    ...one,
    method: 'DELETE',
    act: 'subscription.delete',
    summary: 'Delete a subscription: what has not been sent is not sent any more',
    role: 'admin',
    responses: { 204: '' },
  }),
  listSubscriptionDeliveries: operation({
    ...one,
    method: 'GET',
    path: `${one.path}/deliveries`,
    summary: 'What was sent and what came of it, newest first',
    query: z.strictObject(listQuery(25)),
    responses: { 200: subscriptionDeliveries },
  }),
  redeliverSubscription: operation({
    ...one,
    method: 'POST',
    path: `${one.path}/redeliver`,
    act: 'subscription.redeliver',
    summary: 'Send some of its deliveries again',
    role: 'operator',
    body: redelivered,
    responses: { 200: redeliveries },
    refuses: [409],
  }),
  testSubscription: operation({
    ...one,
    method: 'POST',
    path: `${one.path}/test`,
    act: 'subscription.test',
    summary: 'Send it an event of type subscription.test',
    role: 'editor',
    responses: { 202: subscriptionDelivery },
  }),
};
