import * as z from 'zod';
import type { Caller } from '../kernel/role.ts';

/** By what somebody has proved who they are: it is looked at again when they are told something. */
export const credential = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('key'), hash: z.string() }),
  z.object({
    kind: z.literal('token'),
    until: z.string(),
    /** Who can be removed; absent for those who are members by a group, which the token itself says. */
    member: z.object({ id: z.string(), email: z.string() }).optional(),
  }),
]);
export type Credential = z.infer<typeof credential>;

export type LiveCaller = Pick<Caller, 'workspace' | 'project'>;

/** Somebody who listens. */
export interface Connection {
  id: string;
  caller: LiveCaller;
  credential: Credential;
  /** `feed`, `run:<id>`. */
  topics: readonly string[];
}

interface Subscribed {
  connectionId: string;
  credential: Credential;
}

/** One who follows one run; `cursor` is the number of the last entry that they were told. */
export interface RunSubscription extends Subscribed {
  runId: string;
  cursor: number;
  /** Until then whoever subscribed them tells them what is behind; others only say how far the journal goes. */
  catchingUpUntil?: string | undefined;
}

/** One who follows the runs that a filter is about, as it was asked for. */
export interface FeedSubscription {
  connectionId: string;
  /** The same object for all who have asked for the same. */
  asked: { caller: LiveCaller; credential: Credential; filter: Record<string, unknown> };
}

/** Who listens to what. */
export interface Listeners {
  /** False only when nobody has listened for a while. */
  areThere(): Promise<boolean>;
  connect(connection: Omit<Connection, 'topics'>): Promise<void>;
  connection(id: string): Promise<Connection | undefined>;
  /** Takes the connection away with all that it is subscribed to. */
  disconnect(id: string): Promise<void>;
  /** Resolves when nothing that happens from then on is missed. */
  subscribeToRun(connection: Connection, subscription: RunSubscription): Promise<void>;
  subscribeToFeed(connection: Connection, filter: Record<string, unknown>): Promise<void>;
  unsubscribe(connection: Connection, topic: string): Promise<void>;
  ofRun(runId: string): Promise<RunSubscription[]>;
  runSubscription(runId: string, connectionId: string): Promise<RunSubscription | undefined>;
  ofFeed(workspace: string): Promise<FeedSubscription[]>;
  /** Takes the entries up to `cursor` for one teller; false when somebody else has been there. */
  claim(subscription: RunSubscription, cursor: number): Promise<boolean>;
  /** Says to who catches up that the journal goes at least so far; false when nobody catches up any more. */
  extend(subscription: RunSubscription, to: number): Promise<boolean>;
  /** While catching up: told up to there. */
  caughtUpTo(subscription: RunSubscription, cursor: number): Promise<void>;
  /** From here on others tell; false when there is more to catch up with. */
  handOver(subscription: RunSubscription, cursor: number): Promise<boolean>;
}

/** What became of a message. */
export type Posted = 'sent' | 'gone' | 'slow';

/** The connections themselves. */
export interface Posts {
  post(connectionId: string, message: object): Promise<Posted>;
  close(connectionId: string): Promise<void>;
}

export const runTopic = (runId: string) => `run:${runId}`;
export const FEED = 'feed';

/** What a subscriber who was told up to `cursor` is to be told, when these entries were appended. */
export type Due = { kind: 'nothing' } | { kind: 'entries'; from: number; to: number } | { kind: 'gap'; to: number };

export function dueOf(cursor: number, appended: { number: number; count: number }): Due {
  const to = appended.number + appended.count - 1;
  if (to <= cursor) return { kind: 'nothing' };
  return appended.number > cursor + 1 ? { kind: 'gap', to } : { kind: 'entries', from: Math.max(cursor, 0) + 1, to };
}
