import * as z from 'zod';
import type { Page, PageOf } from '../kernel/page.ts';
import { EVENTS } from './events.ts';
import type { Subscription } from './subscription.ts';

/** One event on its way to one subscriber. */
export const notification = z.object({
  id: z.string(),
  subscriptionId: z.string(),
  workspace: z.string(),
  eventId: z.string(),
  type: z.union([z.enum(EVENTS), z.literal('subscription.test')]),
  /** What is sent, as JSON. */
  payload: z.string(),
  outcome: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.int(),
  createdAt: z.string(),
  /** When it is sent, or sent again. */
  dueAt: z.string().optional(),
  lastAt: z.string().optional(),
  /** What the other side answered last. */
  status: z.int().optional(),
  error: z.string().optional(),
  deliveredAt: z.string().optional(),
});
export type Notification = z.infer<typeof notification>;

export type NotificationKey = Pick<Notification, 'subscriptionId' | 'id'>;

/** What came of sending it once. `after` is how long the other side wants to be left alone, in seconds; `isGone`: it wants no more of them. */
export type Sent =
  | { ok: true; status?: number | undefined }
  | { ok: false; status?: number | undefined; error: string; after?: number | undefined; isGone?: boolean };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Ten tries within three days, as Standard Webhooks recommends. */
const PAUSES_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
const LONGEST_ASKED_MS = 24 * HOUR;
/** So long without anything being taken, and a subscription is turned off. */
const REFUSED_MS = 5 * 24 * HOUR;

/** How it stands after it was sent once more. `random` in [0, 1) spreads those that failed together. */
export function afterSending(seen: Notification, sent: Sent, now: Date, random: number): Notification {
  const { dueAt: _, error: __, status: ___, ...rest } = seen;
  const attempts = seen.attempts + 1;
  const tried = { ...rest, attempts, lastAt: now.toISOString(), ...(sent.status !== undefined && { status: sent.status }) };
  if (sent.ok) return { ...tried, outcome: 'delivered', deliveredAt: now.toISOString() };
  const pause = PAUSES_MS[seen.attempts];
  if (pause === undefined || sent.isGone) return { ...tried, outcome: 'failed', error: sent.error };
  const asked = Math.min((sent.after ?? 0) * SECOND, LONGEST_ASKED_MS);
  const dueAt = new Date(now.getTime() + Math.max(pause * (1 + random / 5), asked)).toISOString();
  return { ...tried, outcome: 'pending', error: sent.error, dueAt };
}

/** How the subscription stands after that; the same object when nothing has changed. */
export function subscriptionAfter(seen: Subscription, sent: Sent, now: Date): Subscription {
  const { failingSince, ...rest } = seen;
  if (sent.ok) return failingSince === undefined ? seen : rest;
  if (sent.isGone) return turnedOff(seen, 'Its receiver answered 410: it wants no more of them.');
  if (failingSince === undefined) return { ...seen, failingSince: now.toISOString() };
  if (now.getTime() - Date.parse(failingSince) < REFUSED_MS) return seen;
  return turnedOff(seen, `Nothing was taken since ${failingSince}: ${sent.error}`);
}

const turnedOff = (seen: Subscription, disabledReason: string): Subscription => ({ ...seen, enabled: false, disabledReason });

export interface Notifications {
  /** Writes those that are not there yet. */
  add(rows: readonly Notification[]): Promise<void>;
  find(subscriptionId: string, id: string): Promise<Notification | undefined>;
  /** Of one subscription, newest first. */
  list(subscriptionId: string, page: PageOf): Promise<Page<Notification>>;
  /** Those that are due, the oldest first. */
  due(now: string, limit: number): Promise<Notification[]>;
  /** Which of one subscription are due, beside those of others. */
  dueOf(subscriptionId: string, now: string, limit: number): Promise<NotificationKey[]>;
  /** Stores `next`. False when somebody else has taken it up since `seen` was read. */
  replace(seen: Notification, next: Notification): Promise<boolean>;
}
