import { LRUCache } from 'lru-cache';
import { idOf } from '../kernel/id.ts';
import { nextDigest } from './digest-time.ts';
import type { Notification, Notifications } from './notification.ts';
import { type EventType, isAbout, type SubscribedEvent, type Subscription, type Subscriptions } from './subscription.ts';

/** How long a new subscription may miss what happens, or one that is gone hear of it. */
const KNOWN_MS = 2_000;

/** Those who want to be told what happens. */
export interface Subscribers {
  /** Writes down who is to be told what. It is sent from there, as often as it takes; what is told again under the same id counts once. */
  tell(events: readonly SubscribedEvent[]): Promise<void>;
  /** Whether anybody of the workspace wants to hear of such events. */
  want(workspace: string, types: readonly EventType[]): Promise<boolean>;
}

export class KnownSubscribers implements Subscribers {
  readonly #subscriptions: Pick<Subscriptions, 'all'>;
  readonly #notifications: Pick<Notifications, 'add'>;
  readonly #known = new LRUCache<string, Promise<Subscription[]>>({ max: 1_000, ttl: KNOWN_MS });

  constructor(subscriptions: Pick<Subscriptions, 'all'>, notifications: Pick<Notifications, 'add'>) {
    this.#subscriptions = subscriptions;
    this.#notifications = notifications;
  }

  async tell(events: readonly SubscribedEvent[]): Promise<void> {
    const told = await Promise.all(
      events.map(async (event) =>
        (await this.#of(event.workspace)).filter((one) => isAbout(one, event)).map((one) => notificationOf(one, event)),
      ),
    );
    await this.#notifications.add(told.flat());
  }

  async want(workspace: string, types: readonly EventType[]): Promise<boolean> {
    const all = await this.#of(workspace);
    return all.some(({ enabled, events }) => enabled && events.some((type) => types.includes(type)));
  }

  #of(workspace: string): Promise<Subscription[]> {
    const found = this.#known.get(workspace) ?? this.#subscriptions.all(workspace);
    this.#known.set(workspace, found, { noUpdateTTL: true });
    found.catch(() => this.#known.delete(workspace));
    return found;
  }
}

/** The event as one subscriber is told of it: Standard Webhooks. A mail gathers what happens until its time has come. */
export function notificationOf(
  { id: subscriptionId, workspace, to }: Pick<Subscription, 'id' | 'workspace' | 'to'>,
  {
    id: eventId,
    type,
    at,
    since = at,
    data,
  }: Pick<SubscribedEvent, 'id' | 'at' | 'since' | 'data'> & { type: Notification['type'] },
): Notification {
  const isGathered = to.kind === 'email' && type !== 'subscription.test';
  return {
    id: idOf(`${subscriptionId} ${eventId}`, Date.parse(since)),
    subscriptionId,
    workspace,
    eventId,
    type,
    payload: JSON.stringify({ id: eventId, type, timestamp: at, data }),
    outcome: 'pending',
    attempts: 0,
    createdAt: at,
    dueAt: isGathered ? nextDigest(to.every, new Date(at)).toISOString() : at,
  };
}
