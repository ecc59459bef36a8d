import * as fc from 'fast-check';
import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { isCounted } from '../../shared/analytics/contribution.ts';
import type { ReadRow } from '../../shared/analytics/counters.ts';
import { type HistogramServices, tallies } from '../../shared/analytics/histogram.ts';
import type { RunFilter } from '../../shared/run/list/filter.ts';
import { fits } from '../../shared/run/list/filter.ts';
import type { Run } from '../../shared/run/model/run.ts';
import { RUN_STATUSES } from '../../shared/run/model/status.ts';
import { histogramOf } from '../../shared/run/read/histogram.ts';
import { anActor, aRun } from '../harness/builders.ts';
import { howMany } from '../harness/how-many.ts';
import { MemoryRuns } from '../run/memory-runs.ts';

const NOW = new Date('2026-11-23T08:17:00.000Z');
const MINUTE = 60_000;
const RUNS = 200;
const workspace = 'acme';
const pick = <T>(all: readonly T[], at: number): T => all[at % all.length] as T;
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * MINUTE).toISOString();

/** Over five days; some live, some are tests, some archived, some both. */
function aHistory(): Run[] {
  return Array.from({ length: RUNS }, (_, at) => {
    const mixed = (at * 7919) % 1009;
    const createdAt = ago(mixed * 7);
    return aRun({
      id: ulid(Date.parse(createdAt)),
      workspace,
      createdAt,
      project: pick(['ops', 'sales'], at),
      workflowId: pick(['intake', 'report', 'intake', 'bill'], at),
      status: pick(RUN_STATUSES, mixed),
      ...(mixed % 6 === 0 && { trigger: 'test' as const }),
      ...(mixed % 5 === 0 && { archived: { actor: anActor(), at: createdAt } }),
    });
  });
}

const all = aHistory();
const runs = new MemoryRuns();
for (const run of all) await runs.create(run);

/** What follows runs has counted those that count. */
function rowsOf(of: 'project' | 'workflow'): ReadRow[] {
  return all.filter(isCounted).map(({ createdAt, project, workflowId, status }) => {
    const hour = createdAt.slice(0, 13);
    const name = of === 'project' ? { of, hour, project } : { of, hour, project, workflowId };
    return { name, counts: { [status]: 1 } } as ReadRow;
  });
}

/** Rows read one by one since the services were made; those that the counters were asked for. */
function services(most = Number.POSITIVE_INFINITY) {
  const asked: { from: string; to: string }[] = [];
  const given: HistogramServices = {
    now: () => NOW,
    runs: {
      list: (filter, page) => runs.list(filter, page),
      newest: (filter, limit) => runs.newest(filter, Math.min(limit, most)),
    },
    counters: {
      async read(query) {
        asked.push(query);
        const rows = rowsOf(query.of === 'workflow' ? 'workflow' : 'project').filter(
          ({ name }) =>
            query.workspace === workspace &&
            name.hour >= query.from &&
            name.hour <= query.to &&
            (query.project === undefined || name.project === query.project) &&
            (query.workflowId === undefined || ('workflowId' in name && name.workflowId === query.workflowId)),
        );
        return { rows };
      },
    },
  };
  return { given, asked };
}

const plainly = (filter: RunFilter) =>
  histogramOf(
    all.filter((run) => fits(run, filter)),
    'hour',
  );
const found = async (filter: RunFilter) => {
  const { given, asked } = services();
  const { items, searchedTo } = await tallies(given, filter);
  return { buckets: histogramOf(items, 'hour'), searchedTo, asked };
};

const one = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const filters = fc
  .record({
    project: one(['ops', 'sales']),
    workflowId: one(['intake', 'report', 'none']),
    archived: one([false, true, 'any' as const]),
    from: one([ago(20), ago(300), ago(1_500), ago(4_000), '2026-11-20T00:00:00.000Z']),
    to: one([ago(-10), ago(100), ago(317), ago(2_000), '2026-11-22T00:00:00.000Z', '2026-11-21T23:59:59.999Z']),
    status: fc.option(fc.constantFrom(['failed' as const], ['running' as const, 'succeeded' as const]), {
      nil: undefined,
      freq: 1,
    }),
  })
  .map((filter): RunFilter => ({ workspace, ...filter }));

describe('runs by when they were created', () => {
  test('are what a look at every run would give, whatever narrows them', async () => {
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        const { buckets, searchedTo } = await found(filter);
        expect(buckets).toEqual(plainly(filter));
        expect(searchedTo).toBeUndefined();
      }),
      { numRuns: howMany('HISTOGRAM_RUNS', 200) },
    );
  });

  test('are read from the counters where these know all that is asked for, but for the last two hours', async () => {
    const { asked } = await found({ workspace, from: '2026-11-20T00:30:00.000Z' });
    expect(asked).toEqual([expect.objectContaining({ of: 'project', from: '2026-11-20T01', to: '2026-11-23T06' })]);
    expect((await found({ workspace, workflowId: 'intake', archived: 'any' })).asked).toHaveLength(1);
    for (const more of [{ status: ['failed' as const] }, { archived: true as const }, { labels: ['a:1'] }, { from: ago(60) }])
      expect((await found({ workspace, ...more })).asked, JSON.stringify(more)).toEqual([]);
  });

  test('reach 31 days back when nothing is said, and say so when there are older ones', async () => {
    const days = (count: number) => ago(count * 24 * 60);
    const old = aRun({ id: ulid(Date.parse(days(40))), workspace: 'old', createdAt: days(40), status: 'succeeded' });
    await runs.create(old);
    const { given } = services();
    expect(await tallies(given, { workspace: 'old' })).toEqual({ items: [], searchedTo: '2026-10-23T08:00:00.000Z' });
    expect((await tallies(given, { workspace: 'none' })).searchedTo).toBeUndefined();
    expect((await tallies(given, { workspace: 'old', from: days(200) })).searchedTo).toBeUndefined();
  });

  test('are given as far as has been looked, where there are too many', async () => {
    const { given } = services(3);
    const { items, searchedTo } = await tallies(given, { workspace });
    expect(Date.parse(searchedTo ?? '')).toBeGreaterThan(0);
    const since = plainly({ workspace }).filter(({ start }) => start >= (searchedTo ?? ''));
    expect(histogramOf(items, 'hour')).toEqual(since);
    const failed = await tallies(given, { workspace, status: ['failed'] });
    expect([failed.items.length, failed.searchedTo !== undefined]).toEqual([3, true]);
  });
});
