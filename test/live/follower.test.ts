import { expect, test } from 'vitest';
import { LiveFollower } from '../../shared/live/follow-live.http.ts';
import type { FeedSubscription, Listeners, Posted, RunSubscription } from '../../shared/live/live.ts';
import type { Entry } from '../../shared/run/model/entry.ts';
import type { Run } from '../../shared/run/model/run.ts';
import type { StreamedChange } from '../../shared/run/stream/streamed-change.ts';
import { aRun } from '../harness/builders.ts';

const credential = { kind: 'key' as const, hash: 'abc' };
const at = '2026-11-23T08:00:00.000Z';
const entries = (count: number) => Array.from({ length: count }, (): Entry => ({ type: 'run_started', at }));

/** Listeners in memory, whose messages come to what `posted` says. */
function setting(posted: (connection: string) => Posted = () => 'sent', isListened = true) {
  const told: [string, object][] = [];
  const gone: string[] = [];
  const ended: string[] = [];
  const read: number[] = [];
  const feeds: FeedSubscription[] = [];
  const runs = new Map<string, RunSubscription>();
  const listeners = {
    areThere: async () => isListened,
    ofRun: async () => [...runs.values()],
    ofFeed: async () => feeds,
    runSubscription: async (_: string, connection: string) => runs.get(connection),
    claim: async ({ connectionId, cursor: seen }: RunSubscription, cursor: number) => {
      const found = runs.get(connectionId);
      if (found?.cursor !== seen) return false;
      runs.set(connectionId, { ...found, cursor });
      return true;
    },
    connection: async (id: string) => ({ id, caller: { workspace: 'acme' }, credential, topics: [] }),
    unsubscribe: async ({ id }: { id: string }) => void ended.push(id),
    disconnect: async (id: string) => void gone.push(id),
  };
  const follower = new LiveFollower({
    listeners: listeners as Partial<Listeners> as Listeners,
    posts: {
      post: async (id, message) => {
        const came = posted(id);
        if (came === 'sent') told.push([id, message]);
        return came;
      },
      close: async () => {},
    },
    keys: { byHash: async () => ({ revokedAt: undefined }) as never },
    members: { withEmail: async () => [] },
    runs: {
      entriesAfter: async (_, number) => {
        read.push(number);
        return entries(10 - number);
      },
    },
    now: () => new Date(at),
  });
  return { follower, told, gone, ended, read, feeds, runs };
}

const appended = (number: number, count: number): StreamedChange => ({
  kind: 'appended',
  id: String(number),
  runId: 'r',
  at: new Date(at),
  number,
  isNotable: false,
  entries: entries(count),
});
const cursorsOf = (told: [string, object][]) => told.map(([, message]) => Reflect.get(message, 'cursor'));

test('what is heard again is not told again, and who is behind is told from the journal', async () => {
  const { follower, told, read, runs } = setting();
  runs.set('a', { runId: 'r', connectionId: 'a', credential, cursor: 2 });
  await follower.follow([appended(3, 2)]);
  await follower.follow([appended(3, 2), appended(5, 1)]);
  expect(cursorsOf(told)).toEqual([3, 4, 5]);
  expect(read).toEqual([]);
  await follower.follow([appended(8, 3)]);
  expect(read).toEqual([5]);
  expect(cursorsOf(told)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
});

test('where nobody listens nothing is read', async () => {
  const { follower, told, runs } = setting(() => 'sent', false);
  runs.set('a', { runId: 'r', connectionId: 'a', credential, cursor: 0 });
  expect(await follower.follow([appended(1, 1)])).toEqual([]);
  expect(told).toEqual([]);
});

const rowOf = (after: Run) => ({
  runId: after.id,
  workspace: after.workspace,
  status: after.status,
  isHeld: false,
  after,
});

test('who is gone is forgotten, who is slow loses the subscription, and the others are told all the same', async () => {
  const { follower, told, gone, ended, feeds } = setting((id) => (id === 'dead' ? 'gone' : id === 'slow' ? 'slow' : 'sent'));
  const asked = { caller: { workspace: 'acme' }, credential, filter: {} };
  feeds.push(...['dead', 'slow', 'quick'].map((connectionId) => ({ connectionId, asked })));
  const after = aRun();
  await follower.follow([{ kind: 'row_changed', id: '7', ...rowOf(after), at: new Date(at) }]);
  expect(told.map(([id]) => id)).toEqual(['quick']);
  expect(ended).toEqual(['slow']);
  expect(gone.toSorted()).toEqual(['dead', 'slow']);
});

test('of what comes together the last is told, once, to those whose filter it is about', async () => {
  const { follower, told, feeds } = setting();
  const feed = (filter: Record<string, unknown>) => ({ caller: { workspace: 'acme' }, credential, filter });
  feeds.push({ connectionId: 'all', asked: feed({}) }, { connectionId: 'failed', asked: feed({ status: 'failed' }) });
  const run = aRun();
  const row = (id: string, of: object): StreamedChange => ({
    kind: 'row_changed',
    id,
    at: new Date(at),
    ...rowOf({ ...run, ...of }),
  });
  const changes = [row('8', {}), row('9', { status: 'succeeded' })];
  await follower.follow(changes);
  await follower.follow(changes);
  expect(told).toMatchObject([['all', { topic: 'feed', cursor: '9', run: { status: 'succeeded' } }]]);
});
