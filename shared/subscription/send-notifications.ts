import { Slots } from '../kernel/slots.ts';
import { afterSending, type Notification, type Notifications, type Sent, subscriptionAfter } from './notification.ts';
import type { Subscription, Subscriptions } from './subscription.ts';

/** Takes one event to one subscriber. Throws for nothing that the other side does. */
export type SendOne = (subscription: Subscription, notification: Notification) => Promise<Sent>;

export interface SendServices {
  subscriptions: Subscriptions;
  notifications: Notifications;
  send: SendOne;
  now: () => Date;
  random: () => number;
  turnedOff(subscription: Subscription): void;
}

const DUE_AT_ONCE = 100;
const SENT_AT_ONCE = 20;
/** Longer than one call may take: whoever has taken it and is still alive has it for itself. */
const LEASE_MS = 60_000;

/** Sends what has just been written down. */
export async function sendThese(
  services: SendServices,
  keys: readonly Pick<Notification, 'subscriptionId' | 'id'>[],
): Promise<void> {
  const rows = await Promise.all(keys.map(({ subscriptionId, id }) => services.notifications.find(subscriptionId, id)));
  await sendAll(
    services,
    rows.filter((row) => row !== undefined),
  );
}

/** Sends what is due, for as long as there is some and there is time. */
export async function sendDue(services: SendServices, hasTime: () => boolean): Promise<void> {
  while (hasTime()) {
    const due = await services.notifications.due(services.now().toISOString(), DUE_AT_ONCE);
    // The index lags behind: when everything is taken already there is nothing left to do.
    if ((await sendAll(services, due)) === 0) return;
  }
}

async function sendAll(services: SendServices, rows: readonly Notification[]): Promise<number> {
  const slots = new Slots(SENT_AT_ONCE);
  const sent = await Promise.all(rows.map((row) => slots.run(() => deal(services, row))));
  return sent.filter(Boolean).length;
}

/** Takes it, sends it, writes down what came of it. False when somebody else has it. */
async function deal({ subscriptions, notifications, ...services }: SendServices, seen: Notification): Promise<boolean> {
  const at = services.now();
  if (seen.dueAt === undefined || seen.dueAt > at.toISOString()) return false;
  const taken = { ...seen, dueAt: new Date(at.getTime() + LEASE_MS).toISOString() };
  if (!(await notifications.replace(seen, taken))) return false;
  const subscription = await subscriptions.find(seen.workspace, seen.subscriptionId);
  const isWanted = subscription?.enabled || seen.type === 'subscription.test';
  const sent: Sent =
    subscription && isWanted
      ? await services.send(subscription, taken)
      : { ok: false, error: subscription ? 'The subscription is turned off.' : 'The subscription is gone.', isGone: true };
  await notifications.replace(taken, afterSending({ ...taken }, sent, services.now(), services.random()));
  if (!subscription || !isWanted) return true;
  const next = subscriptionAfter(subscription, sent, services.now());
  if (next === subscription) return true;
  await subscriptions.report(subscription, next);
  if (!next.enabled) services.turnedOff(next);
  return true;
}
