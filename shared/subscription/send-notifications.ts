import { Slots } from '../kernel/slots.ts';
import { afterSending, type Notification, type Notifications, type Sent, subscriptionAfter } from './notification.ts';
import type { Subscription, Subscriptions } from './subscription.ts';

/** Takes events to one subscriber: one, or what a mail has gathered. Throws for nothing that the other side does. */
export type Send = (subscription: Subscription, notifications: readonly [Notification, ...Notification[]]) => Promise<Sent>;

export interface SendServices {
  subscriptions: Subscriptions;
  notifications: Notifications;
  send: Send;
  now: () => Date;
  random: () => number;
  /** Lets it be known, once or more often. */
  turnedOff(subscription: Subscription): Promise<void>;
}

const DUE_AT_ONCE = 100;
/** What one mail tells of at most, and the bytes of it that are held for that; the rest comes in another one. */
const MOST_IN_A_MAIL = 5_000;
const MOST_BYTES_IN_A_MAIL = 32 * 1024 * 1024;
const WRITTEN_AT_ONCE = 100;
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
    if ((await sendAll(services, due, due.length === DUE_AT_ONCE)) === 0) return;
  }
}

/** `isPart`: more may be due. */
async function sendAll(services: SendServices, rows: readonly Notification[], isPart = false): Promise<number> {
  const slots = new Slots(SENT_AT_ONCE);
  const groups = [...Map.groupBy(rows, ({ subscriptionId }) => subscriptionId).values()];
  const sent = await Promise.all(groups.map((group) => dealWith(services, slots, group, isPart)));
  return sent.reduce((sum, count) => sum + count, 0);
}

/** Those of one subscriber: a mail holds them all, others hear of each by itself. */
async function dealWith(services: SendServices, slots: Slots, rows: readonly Notification[], isPart: boolean): Promise<number> {
  const [{ workspace, subscriptionId } = { workspace: '', subscriptionId: '' }] = rows;
  const subscription = await services.subscriptions.find(workspace, subscriptionId);
  if (subscription?.to.kind === 'email')
    return slots.run(async () => {
      const taken = await takeAll(services, rows);
      return deal(services, isPart ? [...taken, ...(await takeRest(services, subscriptionId, taken))] : taken);
    });
  const sent = await Promise.all(rows.map((row) => slots.run(async () => deal(services, await takeAll(services, [row])))));
  return sent.reduce((sum, count) => sum + count, 0);
}

/** What else is due of one subscription. */
async function takeRest(services: SendServices, subscriptionId: string, taken: readonly Notification[]): Promise<Notification[]> {
  const { notifications, now } = services;
  const known = new Set(taken.map(({ id }) => id));
  const keys = await notifications.dueOf(subscriptionId, now().toISOString(), MOST_IN_A_MAIL);
  const rest = keys.filter(({ id }) => !known.has(id));
  const more: Notification[] = [];
  let bytes = 0;
  for (let at = 0; at < rest.length && bytes < MOST_BYTES_IN_A_MAIL; at += WRITTEN_AT_ONCE) {
    const rows = await Promise.all(rest.slice(at, at + WRITTEN_AT_ONCE).map(({ id }) => notifications.find(subscriptionId, id)));
    const some = await takeAll(
      services,
      rows.filter((row) => row !== undefined),
    );
    bytes += some.reduce((sum, { payload }) => sum + payload.length, 0);
    more.push(...some);
  }
  return more;
}

/** Sends what was taken, and writes down what came of it. Answers how many they are. */
async function deal(services: SendServices, [first, ...more]: readonly Notification[]): Promise<number> {
  const { subscriptions, notifications } = services;
  if (!first) return 0;
  const taken = [first, ...more] as const;
  const subscription = await subscriptions.find(first.workspace, first.subscriptionId);
  const isWanted = subscription?.enabled || taken.every(({ type }) => type === 'subscription.test');
  const sent: Sent =
    subscription && isWanted
      ? await services.send(subscription, taken)
      : { ok: false, error: subscription ? 'The subscription is turned off.' : 'The subscription is gone.', isGone: true };
  const random = services.random();
  for (let at = 0; at < taken.length; at += WRITTEN_AT_ONCE) {
    const some = taken.slice(at, at + WRITTEN_AT_ONCE);
    await Promise.all(some.map((one) => notifications.replace(one, afterSending(one, sent, services.now(), random))));
  }
  if (!subscription || !isWanted) return taken.length;
  const next = subscriptionAfter(subscription, sent, services.now());
  if (next === subscription) return taken.length;
  // Told first: what breaks off in between is told again, and counts once.
  if (!next.enabled) await services.turnedOff(next);
  await subscriptions.report(subscription, next);
  return taken.length;
}

const takeAll = async (services: SendServices, rows: readonly Notification[]): Promise<Notification[]> =>
  (await Promise.all(rows.map((row) => take(services, row)))).filter((row) => row !== undefined);

/** Undefined when somebody else has it, or its time has not come. */
async function take({ notifications, now }: SendServices, seen: Notification): Promise<Notification | undefined> {
  const at = now();
  if (seen.dueAt === undefined || seen.dueAt > at.toISOString()) return undefined;
  const taken = { ...seen, dueAt: new Date(at.getTime() + LEASE_MS).toISOString() };
  return (await notifications.replace(seen, taken)) ? taken : undefined;
}
