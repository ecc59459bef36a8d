import { randomUUID } from 'node:crypto';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countEnded } from '../../functions/stream/count-runs.ts';
import { type Counts, contributionOf } from '../../shared/analytics/contribution.ts';
import type { CountServices } from '../../shared/analytics/count-runs.ts';
import { type CounterRow, rowsOf, summed } from '../../shared/analytics/counter-rows.ts';
import { DynamoCounters } from '../../shared/analytics/counters.dynamo.ts';
import { recount } from '../../shared/analytics/recount.ts';
import type { BudgetWatchServices } from '../../shared/analytics/tell-of-budgets.ts';
import type { Entry } from '../../shared/run/model/entry.ts';
import { projectionOf } from '../../shared/run/model/project.ts';
import type { Run } from '../../shared/run/model/run.ts';
import { stateOf } from '../../shared/run/model/state.ts';
import { DynamoRuns } from '../../shared/run/store/run.dynamo.ts';
import { runItem } from '../../shared/run/store/run-items.dynamo.ts';
import { type StreamRecord, streamEvent } from '../../shared/run/stream/stream-records.dynamo.ts';
import { aPlan, aRun } from '../harness/builders.ts';
import { startTables } from '../harness/dynamo.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
const plan = aPlan('  - id: pay\n    set: {}\n  - id: ship\n    set: {}\n');

beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

/** Nobody wants to hear of budgets. */
const nobody: BudgetWatchServices = {
  workflows: { budgets: async () => [] },
  spending: { spent: async () => 0 },
  subscribers: { tell: async () => {}, want: async () => false },
  now: () => new Date(),
};

const services = (): CountServices & BudgetWatchServices => ({
  ...nobody,
  runs: new DynamoRuns(() => tables.client, { table: tables.table('RUNS_TABLE') }),
  definitions: { planOf: async () => plan },
  counters: new DynamoCounters(() => tables.client, tables.table('ANALYTICS_TABLE')),
  retentionDays: 90,
});

const HOUR = '2026-11-28T13';
const time = (seconds: number) => new Date(Date.parse(`${HOUR}:00:00.000Z`) + seconds * 1000).toISOString();

type Fate = 'succeeded' | 'failed' | 'cancelled' | 'skipped' | 'test';

/** What a run that comes to that end writes down. */
function entriesOf(fate: Fate, seconds: number): Entry[] {
  const at = time(seconds);
  const error = { name: 'NoStock', message: `order ${seconds} is sold out`, step: 'ship' };
  const begin: Entry[] = [
    { type: 'run_started', at: time(0) },
    { type: 'step_started', at: time(0), key: 'pay' },
    { type: 'step_completed', at, key: 'pay', output: { json: '1' } },
  ];
  if (fate === 'skipped') return [];
  if (fate === 'cancelled') return [...begin, { type: 'run_ended', at, status: 'cancelled' }];
  if (fate !== 'failed') return [...begin, { type: 'run_ended', at, status: 'succeeded' }];
  const ship: Entry[] = [
    { type: 'step_started', at: time(1), key: 'ship' },
    { type: 'step_retrying', at: time(1), key: 'ship', error, dueAt: at },
    { type: 'step_started', at, key: 'ship' },
    { type: 'step_failed', at, key: 'ship', error },
  ];
  return [...begin, ...ship, { type: 'run_ended', at, status: 'failed', error }];
}

let sequence = 0;
const recordOf = (before: Run | undefined, after: Run): StreamRecord => {
  sequence += 1;
  const { pk, sk } = runItem(after);
  const dynamodb = {
    SequenceNumber: String(sequence),
    ApproximateCreationDateTime: 1_790_000_000,
    Keys: { pk, sk },
    NewImage: runItem(after),
    ...(before && { OldImage: runItem(before) }),
  };
  return streamEvent.parse({ Records: [{ eventName: before ? 'MODIFY' : 'INSERT', dynamodb }] }).Records[0] as StreamRecord;
};

/** A run that has ended, as it stands in its table, and what the stream says of it. */
async function ended(workspace: string, fate: Fate, seconds: number) {
  const { runs } = services();
  const status = fate === 'skipped' ? 'skipped' : 'pending';
  const run = aRun({
    id: ulid(Date.parse(time(0))),
    workspace,
    createdAt: time(0),
    status,
    trigger: fate === 'test' ? 'test' : 'api',
  });
  await runs.create(run);
  const entries = entriesOf(fate, seconds);
  const state = stateOf(plan, entries);
  if (fate === 'skipped') return { fate, records: [recordOf(undefined, run)], contribution: contributionOf(run, state) };
  const after = { ...run, ...projectionOf(run, state) };
  await runs.append(run.id, 0, entries, 4_000_000_000, 'writer');
  await runs.project(run, after, { keptUntil: 4_000_000_000 });
  const labelled = { ...after, labels: ['customer:acme'] };
  const records = [recordOf(undefined, run), recordOf(run, after), recordOf(after, labelled)];
  return { fate, records, contribution: contributionOf(after, state) };
}

const named = (rows: Iterable<CounterRow>): Map<string, Counts> =>
  new Map(
    summed(rows)
      .map(({ name, counts }) => [JSON.stringify(Object.entries(name).toSorted()), counts] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );

async function all(workspace: string) {
  const { counters } = services();
  const kinds = ['project', 'workflow', 'steps', 'failure'] as const;
  const read = kinds.map((of) => counters.read({ workspace, of, from: '2026-11-28T00', to: '2026-11-28T23' }));
  return named((await Promise.all(read)).flatMap(({ rows }) => rows));
}

const fate = fc.constantFrom<Fate>('succeeded', 'failed', 'cancelled', 'skipped', 'test');
const fates = fc.array(fc.tuple(fate, fc.integer({ min: 2, max: 500 })), { minLength: 1, maxLength: 25 });

test('records that come twice, in any order and any pieces, count as often as the runs that there are', async () => {
  await fc.assert(
    fc.asyncProperty(fates, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 9 }), async (given, random, size) => {
      const workspace = randomUUID();
      const runs = await Promise.all(given.map(([one, seconds]) => ended(workspace, one, seconds)));
      const records = runs.flatMap(({ records }) => [...records, ...records]);
      const shuffled = records
        .map((record) => ({ record, at: random.next().value ?? 0 }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ record }) => record);
      for (let at = 0; at < shuffled.length; at += size * 2) {
        // Two shards at a time.
        const pieces = [shuffled.slice(at, at + size), shuffled.slice(at + size, at + size * 2)];
        await Promise.all(pieces.map((Records) => countEnded({ Records }, services())));
      }
      const counted = runs.filter(({ fate }) => fate !== 'test');
      const expected = named(counted.flatMap(({ contribution }) => rowsOf(contribution)));
      expect(await all(workspace)).toEqual(expected);

      // The same from the rows: nothing was missed, nothing is otherwise.
      const now = () => new Date(time(3600));
      const done = await recount({ ...services(), now }, { workspace }, { until: new Date(time(7200)) });
      expect(done).toEqual({ looked: runs.length, counted: 0, corrected: 0, next: undefined });
    }),
    { numRuns: 6 },
  );
});

test('a recount of a table without counters is what the stream would have counted', async () => {
  const workspace = randomUUID();
  const runs = await Promise.all(
    (['succeeded', 'failed', 'failed', 'skipped', 'cancelled', 'test'] as const).map((one, at) => ended(workspace, one, at + 2)),
  );
  const now = () => new Date(time(3600));
  const done = await recount({ ...services(), now }, { workspace }, { until: new Date(time(7200)) });
  expect(done).toMatchObject({ looked: 6, counted: 5, corrected: 0 });
  const counted = runs.filter(({ fate }) => fate !== 'test');
  expect(await all(workspace)).toEqual(named(counted.flatMap(({ contribution }) => rowsOf(contribution))));
  expect(counted[1]?.contribution.steps).toMatchObject({ ship: { failed: 1, retries: 1 } });
});

test('a recount whose time is up says where it goes on', async () => {
  const workspace = randomUUID();
  for (let at = 0; at < 3; at += 1) await ended(workspace, 'succeeded', 2);
  const now = () => new Date(time(3600));
  const done = await recount({ ...services(), now }, { workspace }, { until: now() });
  expect(done).toMatchObject({ looked: 3, next: undefined });
});

test('a run that is kept for longer than it is known to be counted is not counted again', async () => {
  const workspace = randomUUID();
  await ended(workspace, 'succeeded', 2);
  const now = () => new Date(Date.parse(time(3600)) + 121 * 86_400_000);
  const done = await recount({ ...services(), now }, { workspace }, { until: new Date(now().getTime() + 1000) });
  expect(done).toEqual({ looked: 1, counted: 0, corrected: 0, next: undefined });
});

test('a run that is deleted before it is counted holds up no other, and counts as little as in a recount', async () => {
  const workspace = randomUUID();
  const [gone, stays] = [await ended(workspace, 'failed', 2), await ended(workspace, 'succeeded', 2)];
  const { Keys } = gone.records[0]?.dynamodb ?? {};
  await tables.client.send(new DeleteItemCommand({ TableName: tables.table('RUNS_TABLE'), Key: { ...Keys } }));
  await countEnded({ Records: [...gone.records, ...stays.records] }, services());
  expect(await all(workspace)).toEqual(named(rowsOf(stays.contribution)));
});
