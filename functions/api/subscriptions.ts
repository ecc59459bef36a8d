import { maySee, projectOf, visible } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { accepted, created, noContent, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import * as env from '../../shared/kernel/env.ts';
import { newId } from '../../shared/kernel/id.ts';
import { notFound } from '../../shared/kernel/problem.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import type { Notifications } from '../../shared/subscription/notification.ts';
import { subscriptions as subscriptionsOperations } from '../../shared/subscription/operations.http.ts';
import * as save from '../../shared/subscription/save-subscription.ts';
import { notificationOf } from '../../shared/subscription/subscribers.ts';
import {
  createdSubscriptionView,
  deliveryView,
  filterOf,
  subscriptionView,
  targetOf,
} from '../../shared/subscription/subscription.http.ts';
import type { Subscription } from '../../shared/subscription/subscription.ts';
import { notifications, now, recorder, seals, subscriptions } from '../adapters.ts';

type Services = save.SubscriptionServices & { notifications: Notifications };

export async function createSubscription({ body, caller }: RequestOf<'createSubscription'>, services: Services) {
  const { project_id: project, events, filter, to, enabled } = body;
  projectOf(caller, project);
  const owner = { workspace: caller.workspace, project, actor: actorOf(caller) };
  const choices = { events, filter: filterOf(filter), to: targetOf(to), enabled };
  const { subscription, secret } = await save.createSubscription(services, owner, choices);
  return created(createdSubscriptionView(subscription, secret));
}

export async function listSubscriptions({ query, caller }: RequestOf<'listSubscriptions'>, { subscriptions }: Services) {
  const project = projectOf(caller, query.project_id);
  const { limit, continuation_token: token } = query;
  const page = await subscriptions.list(caller.workspace, { limit, token });
  const items = page.items.filter((one) => maySee(caller, one) && (project === undefined || one.project === project));
  return ok(pageView({ ...page, items }, subscriptionView));
}

export async function getSubscription({ params, caller }: RequestOf<'getSubscription'>, services: Services) {
  return ok(subscriptionView(await subscriptionOf(services, caller, params)));
}

export async function changeSubscription({ params, body, caller }: RequestOf<'changeSubscription'>, services: Services) {
  const seen = await subscriptionOf(services, caller, params);
  const { events, filter, to, enabled } = body;
  const change = { events, filter: filter && filterOf(filter), to: to && targetOf(to), enabled };
  return ok(subscriptionView(await save.changeSubscription(services, seen, change)));
}

export async function deleteSubscription({ params, caller }: RequestOf<'deleteSubscription'>, services: Services) {
  await services.subscriptions.remove(await subscriptionOf(services, caller, params));
  return noContent();
}

export async function listSubscriptionDeliveries(request: RequestOf<'listSubscriptionDeliveries'>, services: Services) {
  const { params, query, caller } = request;
  const { id } = await subscriptionOf(services, caller, params);
  const { limit, continuation_token: token } = query;
  return ok(pageView(await services.notifications.list(id, { limit, token }), deliveryView));
}

/** Sends what has been written down, under the ids that the receiver may know. */
export async function redeliverSubscription(request: RequestOf<'redeliverSubscription'>, services: Services) {
  const { params, body, caller } = request;
  const subscription = await subscriptionOf(services, caller, params);
  const seen = await Promise.all(
    body.delivery_ids.map(async (id) => {
      const found = await services.notifications.find(subscription.id, id);
      if (!found) throw notFound('delivery', id);
      return found;
    }),
  );
  const dueAt = services.now().toISOString();
  await services.subscriptions.note(subscription);
  const items = await Promise.all(
    seen.map(async (one) => {
      const { error: _, ...rest } = one;
      const next = { ...rest, outcome: 'pending' as const, attempts: 0, dueAt };
      return (await services.notifications.replace(one, next)) ? next : one;
    }),
  );
  return ok({ items: items.map(deliveryView) });
}

export async function testSubscription({ params, caller }: RequestOf<'testSubscription'>, services: Services) {
  const subscription = await subscriptionOf(services, caller, params);
  const at = services.now();
  const event = { id: `test/${newId(at.getTime())}`, type: 'subscription.test' as const, at: at.toISOString(), data: {} };
  const row = notificationOf(subscription, event);
  await services.subscriptions.note(subscription);
  await services.notifications.add([row]);
  return accepted(deliveryView(row));
}

async function subscriptionOf(
  { subscriptions }: Services,
  caller: Caller,
  { subscription_id: id }: { subscription_id: string },
): Promise<Subscription> {
  return visible(caller, 'subscription', id, await subscriptions.find(caller.workspace, id));
}

export const handler = http(
  subscriptionsOperations,
  {
    createSubscription,
    listSubscriptions,
    getSubscription,
    changeSubscription,
    deleteSubscription,
    listSubscriptionDeliveries,
    redeliverSubscription,
    testSubscription,
  },
  (): Services => ({
    subscriptions: subscriptions(),
    notifications: notifications(),
    seals: seals(),
    hasMail: env.mailDomain() !== undefined,
    now,
  }),
  recorder,
);
