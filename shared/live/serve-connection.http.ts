import { maySee } from '../access/tenancy.ts';
import type { Caller } from '../kernel/role.ts';
import { creationEvent, skipEvent } from '../run/model/event.ts';
import type { Run } from '../run/model/run.ts';
import type { Runs } from '../run/ports.ts';
import { type Connection, type Credential, FEED, type Listeners, type Posts, type RunSubscription, runTopic } from './live.ts';
import { type LiveMessage, parseMessage, Refused, runOfTopic } from './message.http.ts';
import { errorMessage, eventMessage, eventMessages, laggingMessage } from './told.http.ts';

export interface ServeServices {
  listeners: Listeners;
  posts: Posts;
  runs: Pick<Runs, 'get' | 'entriesAfter'>;
  /** Who that is; throws `Problem` for a credential that is not good. */
  identify: (credential: string, member: string | undefined) => Promise<{ caller: Caller; credential: Credential }>;
  now: () => Date;
}

export interface Sender {
  connectionId: string;
  connectedAt: Date;
}

const AUTHORIZE_WITHIN_MS = 5_000;
const MOST_TOPICS = 20;
const READ_AT_ONCE = 200;
/** Whoever is further behind reads the log. */
const MOST_BEHIND = 2_000;
/** A little less than the function lives. */
const CATCH_UP_MS = 25_000;

/** Does what a client asks for in a message, and says what is wrong with it. */
export async function serveMessage(services: ServeServices, sender: Sender, text: string): Promise<void> {
  const { posts, listeners } = services;
  try {
    const message = parseMessage(text);
    if ('authorize' in message) return await authorize(services, sender, message);
    const connection = await listeners.connection(sender.connectionId);
    if (!connection) throw new Refused('NotAuthorized', 'The first message is {"authorize": "<key or token>"}.');
    if ('unsubscribe' in message) return await unsubscribe(services, connection, message.unsubscribe);
    await subscribe(services, connection, message);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await posts.post(sender.connectionId, errorMessage(error.code, error.message));
    if (error.code === 'NotAuthorized') await posts.close(sender.connectionId);
  }
}

async function authorize(
  { posts, listeners, identify, now }: ServeServices,
  { connectionId, connectedAt }: Sender,
  message: Extract<LiveMessage, { authorize: string }>,
): Promise<void> {
  if (await listeners.connection(connectionId)) throw new Refused('BadMessage', 'This connection is authorized already.');
  if (now().getTime() - connectedAt.getTime() > AUTHORIZE_WITHIN_MS)
    throw new Refused('NotAuthorized', 'The first message, {"authorize": "<key or token>"}, comes within 5 seconds.');
  const { caller, credential } = await identify(message.authorize, message.member);
  const { workspace, project } = caller;
  await listeners.connect({ id: connectionId, caller: { workspace, ...(project !== undefined && { project }) }, credential });
  await posts.post(connectionId, { authorized: { workspace, project_id: project ?? null, name: caller.name } });
}

async function unsubscribe({ listeners, posts }: ServeServices, connection: Connection, topic: string): Promise<void> {
  runOfTopic(topic);
  await listeners.unsubscribe(connection, topic);
  await posts.post(connection.id, { unsubscribed: topic });
}

async function subscribe(
  services: ServeServices,
  connection: Connection,
  message: Extract<LiveMessage, { subscribe: string }>,
): Promise<void> {
  const runId = runOfTopic(message.subscribe);
  if (connection.topics.length >= MOST_TOPICS && !connection.topics.includes(message.subscribe))
    throw new Refused('TooManySubscriptions', `A connection has ${MOST_TOPICS} subscriptions at most.`);
  if (runId === undefined) return subscribeToFeed(services, connection, 'filter' in message ? message.filter : {});
  const run = await services.runs.get(runId);
  if (!run || !maySee({ ...connection.caller, kind: 'key', id: '', name: '', role: 'viewer' }, run))
    throw new Refused('NotFound', `There is no run "${runId}".`);
  await subscribeToRun(services, connection, run, ('after' in message ? message.after : undefined) ?? -1);
}

async function subscribeToFeed(
  { listeners, posts }: ServeServices,
  connection: Connection,
  filter: Record<string, unknown>,
): Promise<void> {
  await listeners.subscribeToFeed(connection, filter);
  await posts.post(connection.id, { subscribed: FEED });
}

/** What is behind is told first; while that goes on, others only say that there is more. */
async function subscribeToRun(services: ServeServices, connection: Connection, run: Run, after: number): Promise<void> {
  const { listeners, posts, now } = services;
  const topic = runTopic(run.id);
  const subscription: RunSubscription = {
    runId: run.id,
    connectionId: connection.id,
    credential: connection.credential,
    cursor: Math.max(after, 0),
    catchingUpUntil: new Date(now().getTime() + CATCH_UP_MS).toISOString(),
  };
  await listeners.subscribeToRun(connection, subscription);
  await posts.post(connection.id, { subscribed: topic, cursor: after });
  if (after < 0) await posts.post(connection.id, eventMessage(run.id, creationEvent(run)));
  if (run.status === 'skipped' && after < 1) await posts.post(connection.id, eventMessage(run.id, skipEvent(run)));
  let cursor = subscription.cursor;
  for (;;) {
    const entries = await services.runs.entriesAfter(run.id, cursor, READ_AT_ONCE);
    if (entries.length === 0 && (await listeners.handOver(subscription, cursor))) return;
    if (cursor - subscription.cursor + entries.length > MOST_BEHIND) {
      await listeners.unsubscribe(connection, topic);
      await posts.post(connection.id, laggingMessage(topic));
      return;
    }
    for (const message of eventMessages(run.id, cursor + 1, entries)) {
      if ((await posts.post(connection.id, message)) !== 'sent') return listeners.unsubscribe(connection, topic);
    }
    cursor += entries.length;
    if (entries.length > 0) await listeners.caughtUpTo(subscription, cursor);
  }
}
