import { LRUCache } from 'lru-cache';
import { Slots } from '../kernel/slots.ts';
import { fits } from '../run/list/filter.ts';
import type { Entry } from '../run/model/entry.ts';
import type { Runs } from '../run/ports.ts';
import type { Appended, RowChanged, RunFollower, StreamedChange } from '../run/stream/streamed-change.ts';
import { type CredentialServices, GoodCredentials } from './good-credentials.ts';
import { type Credential, dueOf, FEED, type Listeners, type Posts, type RunSubscription, runTopic } from './live.ts';
import { feedFilterOf } from './message.http.ts';
import { errorMessage, eventMessages, laggingMessage, runMessage } from './told.http.ts';

export interface LiveServices extends CredentialServices {
  listeners: Listeners;
  posts: Posts;
  runs: Pick<Runs, 'entriesAfter'>;
}

const POSTS_AT_ONCE = 100;
const RUNS_KNOWN = 5_000;
/** Somebody else has told in between; more often than that it is a fault. */
const TRIES = 5;

/** Tells those who listen what happens to runs. */
export class LiveFollower implements RunFollower {
  readonly name = 'live';
  readonly #services: LiveServices;
  readonly #good: GoodCredentials;
  readonly #slots = new Slots(POSTS_AT_ONCE);
  /** Of each run the last change that feeds were told: a change may be heard again. */
  readonly #told = new LRUCache<string, bigint>({ max: RUNS_KNOWN });

  constructor(services: LiveServices) {
    this.#services = services;
    this.#good = new GoodCredentials(services);
  }

  readonly follow = async (changes: readonly StreamedChange[]): Promise<string[]> => {
    if (!(await this.#services.listeners.areThere())) return [];
    const appended = changes.filter((change): change is Appended => change.kind === 'appended');
    const rows = changes.filter((change): change is RowChanged => change.kind === 'row_changed');
    await Promise.all([
      ...[...Map.groupBy(appended, ({ runId }) => runId)].map(([runId, some]) => this.#tellOfRun(runId, some)),
      ...[...Map.groupBy(rows, ({ workspace }) => workspace)].map(([workspace, some]) => this.#tellFeeds(workspace, some)),
    ]);
    return [];
  };

  async #tellOfRun(runId: string, appended: readonly Appended[]): Promise<void> {
    const subscriptions = await this.#services.listeners.ofRun(runId);
    await Promise.all(subscriptions.map((one) => this.#tellOne(one, appended)));
  }

  /** Whoever wins the claim tells, in order; a subscriber that is behind is told from the journal. */
  async #tellOne(first: RunSubscription, appended: readonly Appended[]): Promise<void> {
    const { listeners, now } = this.#services;
    const to = Math.max(...appended.map(({ number, entries }) => number + entries.length - 1));
    let subscription: RunSubscription | undefined = first;
    for (let tries = 0; subscription && tries < TRIES; tries++) {
      if (subscription.cursor >= to) return;
      if (!(await this.#isAllowed(subscription))) return;
      const { catchingUpUntil } = subscription;
      if (catchingUpUntil !== undefined && catchingUpUntil > now().toISOString()) {
        if (await listeners.extend(subscription, to)) return;
      } else {
        const { from, entries } = await this.#entriesFor(subscription, appended);
        if (entries.length === 0) return;
        if (await listeners.claim(subscription, from + entries.length - 1)) {
          return this.#post(subscription, eventMessages(subscription.runId, from, entries));
        }
      }
      subscription = await listeners.runSubscription(subscription.runId, subscription.connectionId);
    }
  }

  async #entriesFor({ runId, cursor }: RunSubscription, appended: readonly Appended[]) {
    const from = Math.max(cursor, 0) + 1;
    const entries: Entry[] = [];
    for (const { number, entries: some } of appended) {
      const due = dueOf(from + entries.length - 1, { number, count: some.length });
      if (due.kind === 'gap') return { from, entries: await this.#services.runs.entriesAfter(runId, from - 1) };
      if (due.kind === 'entries') entries.push(...some.slice(due.from - number));
    }
    return { from, entries };
  }

  async #post({ connectionId, runId }: RunSubscription, messages: readonly object[]): Promise<void> {
    for (const message of messages) if (!(await this.#postOne(connectionId, runTopic(runId), message))) return;
  }

  async #tellFeeds(workspace: string, rows: readonly RowChanged[]): Promise<void> {
    const fresh = rows.filter(({ runId, id }) => BigInt(id) > (this.#told.get(runId) ?? -1n));
    // Of what came together the last says all.
    const latest = [...new Map(fresh.map((row) => [row.runId, row])).values()];
    if (latest.length === 0) return;
    const subscriptions = await this.#services.listeners.ofFeed(workspace);
    const messages = latest.map((row) => ({ row, message: runMessage(row.id, row.after) }));
    const groups = [...Map.groupBy(subscriptions, ({ asked }) => asked)].map(([asked, some]) => {
      const filter = feedFilterOf(asked.caller, asked.filter);
      const due = messages.filter(({ row }) => [row.after, row.before].some((run) => run && fits({ ...run }, filter)));
      return some.map(({ connectionId }) => this.#tellFeed(connectionId, asked.credential, due));
    });
    await Promise.all(groups.flat());
    for (const { runId, id } of latest) this.#told.set(runId, BigInt(id));
  }

  async #tellFeed(connectionId: string, credential: Credential, due: readonly { message: object }[]): Promise<void> {
    if (due.length === 0 || !(await this.#isAllowed({ connectionId, credential }))) return;
    for (const { message } of due) if (!(await this.#postOne(connectionId, FEED, message))) return;
  }

  /** False when nothing more is to be sent: who is gone is forgotten, who is slow is told so and asks again. */
  async #postOne(connectionId: string, topic: string, message: object): Promise<boolean> {
    const { listeners, posts } = this.#services;
    const posted = await this.#slots.run(() => posts.post(connectionId, message));
    if (posted === 'sent') return true;
    if (posted === 'gone') await listeners.disconnect(connectionId);
    if (posted === 'slow') {
      const connection = await listeners.connection(connectionId);
      if (connection) await listeners.unsubscribe(connection, topic);
      if ((await posts.post(connectionId, laggingMessage(topic))) !== 'sent') await this.#end(connectionId);
    }
    return false;
  }

  async #isAllowed({ connectionId, credential }: { connectionId: string; credential: Credential }): Promise<boolean> {
    if (await this.#good.has(credential)) return true;
    await this.#services.posts.post(connectionId, errorMessage('NotAuthorized', 'The credential is not good any more.'));
    await this.#end(connectionId);
    return false;
  }

  async #end(connectionId: string): Promise<void> {
    await this.#services.listeners.disconnect(connectionId);
    await this.#services.posts.close(connectionId);
  }
}
