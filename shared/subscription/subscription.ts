import * as z from 'zod';
import { actor } from '../kernel/actor.ts';
import type { Page, PageOf } from '../kernel/page.ts';
import { DIGESTS } from './digest-time.ts';
import { EVENTS } from './events.ts';

export type EventType = (typeof EVENTS)[number];

const target = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('webhook'), url: z.string() }),
  z.object({ kind: z.literal('event_bus') }),
  z.object({ kind: z.literal('email'), addresses: z.array(z.string()), every: z.enum(DIGESTS) }),
]);
export type Target = z.infer<typeof target>;

const filter = z.object({
  workflowId: z.string().optional(),
  trigger: z.string().optional(),
  label: z.string().optional(),
  /** Of an event that a step has emitted. */
  type: z.string().optional(),
});
export type SubscriptionFilter = z.infer<typeof filter>;

/** Who is told of what happens in a project. */
export const subscription = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  events: z.array(z.enum(EVENTS)),
  filter,
  to: target,
  /** Of a webhook: what signs, sealed. */
  secret: z.string().optional(),
  enabled: z.boolean(),
  /** Since when nothing was taken. */
  failingSince: z.string().optional(),
  /** Why it was turned off, when nobody did so. */
  disabledReason: z.string().optional(),
  createdAt: z.string(),
  createdBy: actor,
  updatedAt: z.string(),
});
export type Subscription = z.infer<typeof subscription>;

/** What has happened, as subscribers are told of it. */
export interface SubscribedEvent {
  /** The same whenever it is told: receivers know by it what they have heard before. */
  id: string;
  type: EventType;
  at: string;
  /** What is the same whenever it is told, where `at` is not. */
  since?: string | undefined;
  workspace: string;
  /** Absent for what concerns the whole workspace. */
  project?: string | undefined;
  workflowId?: string | undefined;
  trigger?: string | undefined;
  labels?: readonly string[] | undefined;
  /** Of an event that a step has emitted. */
  emitted?: string | undefined;
  data: Readonly<Record<string, unknown>>;
}

/** Whether a subscription is about the event. */
export function isAbout(
  { enabled, project, events, filter: { workflowId, trigger, label, type }, createdAt }: Subscription,
  event: SubscribedEvent,
): boolean {
  return (
    enabled &&
    (event.project === undefined || project === event.project) &&
    events.includes(event.type) &&
    createdAt <= event.at &&
    (workflowId === undefined || workflowId === event.workflowId) &&
    (trigger === undefined || trigger === event.trigger) &&
    (label === undefined || event.labels?.includes(label) === true) &&
    (type === undefined || type === event.emitted)
  );
}

/** Subscriptions of a workspace. */
export interface Subscriptions {
  create(row: Subscription): Promise<void>;
  find(workspace: string, id: string): Promise<Subscription | undefined>;
  /** All of a workspace. */
  all(workspace: string): Promise<Subscription[]>;
  /** Newest first. */
  list(workspace: string, page: PageOf): Promise<Page<Subscription>>;
  /** Stores `next`. False when it has changed since `seen` was read, or is gone. */
  replace(seen: Subscription, next: Subscription): Promise<boolean>;
  /** Writes whether what is sent is taken; undone when somebody has changed it since. */
  report(seen: Subscription, next: Subscription): Promise<void>;
  /** Lets it be known that somebody acts on it. */
  note(seen: Subscription): Promise<void>;
  remove(seen: Subscription): Promise<void>;
}
