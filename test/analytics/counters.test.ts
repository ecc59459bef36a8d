import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Contribution, Counts } from '../../shared/analytics/contribution.ts';
import { type CounterName, rowsOf, summed } from '../../shared/analytics/counter-rows.ts';
import { DynamoCounters } from '../../shared/analytics/counters.dynamo.ts';
import type { Countable } from '../../shared/analytics/counters.ts';
import { failureFigures } from '../../shared/analytics/figures.ts';
import { startTables } from '../harness/dynamo.ts';
import { howMany } from '../harness/how-many.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
const counters = () => new DynamoCounters(() => tables.client, tables.table('ANALYTICS_TABLE'));

beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

const KEPT = 4_000_000_000;
const counted = (contribution: Contribution): Countable => ({ contribution, keptUntil: KEPT });

/** All rows of a workspace, one for each name. */
async function all(workspace: string): Promise<Map<string, Counts>> {
  const kinds: CounterName['of'][] = ['project', 'workflow', 'steps', 'failure'];
  const read = kinds.map((of) => counters().read({ workspace, of, from: '2026-11-27T00', to: '2026-11-29T23' }));
  return named((await Promise.all(read)).flatMap(({ rows }) => rows));
}

/** The same from the runs themselves. */
const recountOf = (runs: Contribution[]) => named(runs.flatMap(rowsOf));

/** The same steps may stand in several rows. */
const named = (rows: Parameters<typeof summed>[0]) =>
  new Map(
    summed([...rows].map(({ name, counts }) => ({ name: name.of === 'steps' ? { ...name, part: 0 } : name, counts })))
      .map(({ name, counts }) => [JSON.stringify(Object.entries(name).toSorted()), counts] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );

const smallCounts = fc.dictionary(
  fc.constantFrom('succeeded', 'failed', 'retries', 'd7', 'd40', 'd41'),
  fc.integer({ min: 1, max: 3 }),
  {
    minKeys: 1,
  },
);
const hour = fc.constantFrom('2026-11-27T23', '2026-11-28T00', '2026-11-28T13');
const aContribution = fc.record(
  {
    project: fc.constantFrom('ops', 'sales-2'),
    workflowId: fc.constantFrom('01WORKFLOW', '02WORKFLOW'),
    hour,
    run: smallCounts,
    steps: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,2}$/), smallCounts, { maxKeys: 20 }),
    failure: fc.record({
      fingerprint: fc.constantFrom('aaaa', 'b-_b'),
      hour,
      at: fc.integer({ min: 10, max: 59 }).map((minute) => `2026-11-28T13:${minute}:00.000Z`),
      name: fc.constant('Boom'),
      message: fc.string({ maxLength: 20 }),
    }),
  },
  { requiredKeys: ['project', 'workflowId', 'hour', 'run', 'steps'] },
);

describe('runs that come twice, in any order, in any pieces, to several at once', () => {
  test('are counted once each', async () => {
    const runs = fc.array(aContribution, { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(runs, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 25 }), async (given, random, size) => {
        const workspace = randomUUID();
        const once = given.map((one): Contribution => ({ ...one, workspace, runId: ulid() }));
        const fed = [...once, ...once]
          .map((run) => ({ run, at: random.next().value ?? 0 }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ run }) => counted(run));
        const pieces = Array.from({ length: Math.ceil(fed.length / size) }, (_, at) => fed.slice(at * size, (at + 1) * size));
        const half = Math.ceil(pieces.length / 2);
        await Promise.all(
          [pieces.slice(0, half), pieces.slice(half)].map(async (some) => {
            const one = counters();
            for (const piece of some) await one.count(piece);
          }),
        );
        expect(await all(workspace)).toEqual(recountOf(once));
      }),
      { numRuns: howMany('COUNTED', 8) },
    );
  });

  test('say how many were new', async () => {
    const workspace = randomUUID();
    const runs = Array.from({ length: 130 }, () => counted(aRun({ workspace })));
    expect(await counters().count(runs.slice(0, 90))).toBe(90);
    expect(await counters().count(runs)).toBe(40);
    expect(await counters().count(runs)).toBe(0);
  });
});

const aRun = (more: Partial<Contribution> = {}): Contribution => ({
  runId: ulid(),
  workspace: 'acme',
  project: 'ops',
  workflowId: '01WORKFLOW',
  hour: '2026-11-28T13',
  run: { succeeded: 1, steps: 1, d10: 1 },
  steps: { pay: { succeeded: 1, d10: 1 } },
  ...more,
});

describe('a run that has been counted as something else', () => {
  test('is corrected, and what is right stays', async () => {
    const workspace = randomUUID();
    const [right, wrong, missing] = [aRun({ workspace }), aRun({ workspace }), aRun({ workspace })];
    await counters().count([counted(right), counted(wrong)]);
    const failed = { ...wrong, run: { failed: 1 }, steps: { pay: { failed: 1, retries: 2 } } };
    const now = [right, failed, missing].map(counted);
    expect(await counters().correct(now)).toEqual({ counted: 1, corrected: 1 });
    expect(await all(workspace)).toEqual(recountOf([right, failed, missing]));
    expect(await counters().correct(now)).toEqual({ counted: 0, corrected: 0 });
  });

  test('is corrected once by two at a time', async () => {
    const workspace = randomUUID();
    const before = aRun({ workspace });
    await counters().count([counted(before)]);
    const after = counted({ ...before, run: { failed: 1 } });
    await Promise.all([counters().correct([after]), counters().correct([after])]);
    expect(await all(workspace)).toEqual(recountOf([after.contribution]));
  });
});

test('rows of five hundred steps, and of ten thousand durations, fit', async () => {
  const workspace = randomUUID();
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`step_${at}`, { succeeded: 1, [`d${at % 230}`]: 1 }]));
  const wide = Object.fromEntries(Array.from({ length: 230 }, (_, at) => [`d${at}`, 43]));
  const runs = [
    aRun({ workspace, steps: many }),
    aRun({ workspace, steps: { loop: { succeeded: 9890, ...wide }, other: wide } }),
    aRun({ workspace, steps: many }),
  ];
  expect(await counters().count(runs.map(counted))).toBe(3);
  expect(await all(workspace)).toEqual(recountOf(runs));
});

test('of a failure the first, the last and its run are known, in whatever order they came', async () => {
  const workspace = randomUUID();
  const times = ['2026-11-28T13:30:00.000Z', '2026-11-28T13:59:00.000Z', '2026-11-28T13:01:00.000Z'];
  const runs = times.map((at, index) =>
    aRun({
      workspace,
      failure: { fingerprint: 'f', hour: '2026-11-28T13', at, step: 'pay', name: 'Boom', message: `no ${index}` },
    }),
  );
  for (const run of runs) await counters().count([counted(run)]);
  await counters().count(runs.map(counted));
  const { rows } = await counters().read({ workspace, of: 'failure', from: '2026-11-28T00', to: '2026-11-28T23' });
  expect(failureFigures(rows)).toEqual([
    {
      fingerprint: 'f',
      projectId: 'ops',
      workflowId: '01WORKFLOW',
      stepId: 'pay',
      error: { name: 'Boom', message: 'no 1' },
      count: 3,
      firstAt: times[2],
      lastAt: times[1],
      sampleRunId: runs[1]?.runId,
    },
  ]);
});

test('a query reads what it is about: its workspace, project, workflow and hours', async () => {
  const workspace = randomUUID();
  const runs = [
    aRun({ workspace, hour: '2026-11-28T12' }),
    aRun({ workspace }),
    aRun({ workspace, workflowId: '01WORKFLOW2' }),
    aRun({ workspace, project: 'ops-2' }),
    aRun({ workspace: `${workspace}2` }),
  ];
  await counters().count(runs.map(counted));
  const sum = async (more: object) => {
    const { rows } = await counters().read({ workspace, of: 'workflow', from: '2026-11-28T13', to: '2026-11-28T13', ...more });
    return rows.reduce((count, { counts }) => count + (counts['succeeded'] ?? 0), 0);
  };
  expect(await sum({})).toBe(3);
  expect(await sum({ project: 'ops' })).toBe(2);
  expect(await sum({ project: 'ops', workflowId: '01WORKFLOW' })).toBe(1);
  expect(await sum({ project: 'ops', from: '2026-11-28T12' })).toBe(3);
  expect(await sum({ from: '2026-11-27T00', to: '2026-11-27T23' })).toBe(0);
});
