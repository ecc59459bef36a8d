import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DynamoListeners } from '../../shared/live/listeners.dynamo.ts';
import type { Connection, RunSubscription } from '../../shared/live/live.ts';
import { startTables } from '../harness/dynamo.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let listeners: DynamoListeners;
beforeAll(async () => {
  tables = await startTables();
  listeners = new DynamoListeners(() => tables.client, tables.table('LIVE_TABLE'));
});
afterAll(() => tables?.close());

const credential = { kind: 'key' as const, hash: 'abc' };
async function connected(workspace = ulid()): Promise<Connection> {
  const connection = { id: ulid(), caller: { workspace }, credential };
  await listeners.connect(connection);
  return { ...connection, topics: [] };
}
const until = new Date(Date.now() + 25_000).toISOString();

async function subscribed(more: Partial<RunSubscription> = {}): Promise<RunSubscription> {
  const connection = await connected();
  const subscription = { runId: ulid(), connectionId: connection.id, credential, cursor: 0, ...more };
  await listeners.subscribeToRun(connection, subscription);
  return subscription;
}

test('of several tellers one has the claim, and the cursor moves with it', async () => {
  const subscription = await subscribed();
  const claims = await Promise.all([1, 2, 3].map((cursor) => listeners.claim(subscription, cursor)));
  expect(claims.filter(Boolean)).toHaveLength(1);
  const [found] = await listeners.ofRun(subscription.runId);
  expect(found?.cursor).toBe(claims.indexOf(true) + 1);
});

test('who catches up hands over only when it has told all that others have heard of', async () => {
  const subscription = await subscribed({ catchingUpUntil: until });
  expect(await listeners.claim({ ...subscription, catchingUpUntil: undefined }, 1)).toBe(false);
  expect(await listeners.extend(subscription, 4)).toBe(true);
  await listeners.caughtUpTo(subscription, 3);
  expect(await listeners.handOver(subscription, 3)).toBe(false);
  await listeners.caughtUpTo(subscription, 4);
  expect(await listeners.handOver(subscription, 4)).toBe(true);
  expect(await listeners.extend(subscription, 5)).toBe(false);
  const [found] = await listeners.ofRun(subscription.runId);
  expect(found && (await listeners.claim(found, 5))).toBe(true);
});

test('a connection that ends is forgotten with all that it was subscribed to', async () => {
  const connection = await connected();
  const runId = ulid();
  await listeners.subscribeToRun(connection, { runId, connectionId: connection.id, credential, cursor: 0 });
  await listeners.subscribeToFeed(connection, { status: 'failed' });
  expect((await listeners.connection(connection.id))?.topics.toSorted()).toEqual(['feed', `run:${runId}`]);
  expect(await listeners.ofFeed(connection.caller.workspace)).toMatchObject([{ asked: { filter: { status: 'failed' } } }]);
  expect(await listeners.areThere()).toBe(true);

  await listeners.disconnect(connection.id);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await listeners.connection(connection.id)).toBeUndefined();
  expect([await listeners.ofRun(runId), await listeners.ofFeed(connection.caller.workspace)]).toEqual([[], []]);
});
