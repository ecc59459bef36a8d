import { LRUCache } from 'lru-cache';
import { idOf } from '../kernel/id.ts';
import type { Run } from '../run/model/run.ts';
import type { RunFollower } from '../run/stream/streamed-change.ts';
import { asksPeople, eventOfRow, eventsOfEntries } from './events-of-runs.ts';
import type { Notification, Notifications } from './notification.ts';
import { isAbout, type SubscribedEvent, type Subscription, type Subscriptions } from './subscription.ts';

export interface FollowSubscriptionsServices {
  subscriptions: Pick<Subscriptions, 'all'>;
  notifications: Pick<Notifications, 'add'>;
  runs: { get(id: string): Promise<Run | undefined> };
}

/** How long a new subscription may miss what happens, or one that is gone hear of it. */
const KNOWN_MS = 2_000;

/** Writes down who is to be told what. It is sent from there, as often as it takes; what is heard again has the same id. */
export function notifiesSubscribers({ subscriptions, notifications, runs }: FollowSubscriptionsServices): RunFollower {
  const known = new LRUCache<string, Promise<Subscription[]>>({ max: 1_000, ttl: KNOWN_MS });
  const of = (workspace: string) => {
    const found = known.get(workspace) ?? subscriptions.all(workspace);
    known.set(workspace, found, { noUpdateTTL: true });
    found.catch(() => known.delete(workspace));
    return found;
  };
  return {
    name: 'subscriptions',
    follow: async (changes) => {
      const rows = changes.flatMap((change) => (change.kind === 'row_changed' ? (eventOfRow(change) ?? []) : []));
      const asking = changes.filter(asksPeople);
      const asked = await Promise.all(
        asking.map(async (change) => {
          const run = await runs.get(change.runId);
          return run ? eventsOfEntries(run, change) : [];
        }),
      );
      const events = [...rows, ...asked.flat()];
      const told = await Promise.all(
        events.map(async (event) =>
          (await of(event.workspace)).filter((one) => isAbout(one, event)).map((one) => notificationOf(one, event)),
        ),
      );
      await notifications.add(told.flat());
      return [];
    },
  };
}

/** The event as one subscriber is told of it: Standard Webhooks. */
export function notificationOf(
  { id: subscriptionId, workspace }: Pick<Subscription, 'id' | 'workspace'>,
  { id: eventId, type, at, data }: Pick<SubscribedEvent, 'id' | 'at' | 'data'> & { type: Notification['type'] },
): Notification {
  return {
    id: idOf(`${subscriptionId} ${eventId}`, Date.parse(at)),
    subscriptionId,
    workspace,
    eventId,
    type,
    payload: JSON.stringify({ id: eventId, type, timestamp: at, data }),
    outcome: 'pending',
    attempts: 0,
    createdAt: at,
    dueAt: at,
  };
}
