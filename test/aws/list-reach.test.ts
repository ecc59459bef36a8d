import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunFilter } from '../../shared/run/list/filter.ts';
import { projection, type Run } from '../../shared/run/model/run.ts';
import { DynamoRuns } from '../../shared/run/store/run.dynamo.ts';
import { aRun } from '../harness/builders.ts';
import { startTables } from '../harness/dynamo.ts';
import { storeRuns } from '../harness/store-runs.ts';

const RUNS = 1_500;
const workspace = ulid();
let tables: Awaited<ReturnType<typeof startTables>>;
let runs: DynamoRuns;
/** The one old run that has what no other has. */
let oldest: Run;
let calls = 0;
let rowsRead = 0;

beforeAll(async () => {
  tables = await startTables();
  tables.client.middlewareStack.add(
    (next) => (call) => {
      calls += 1;
      if (call.input instanceof Object && 'RequestItems' in call.input)
        rowsRead += Object.values(Object(call.input.RequestItems)).flatMap((one) => Object(one).Keys ?? []).length;
      return next(call);
    },
    { name: 'counting', override: true },
  );
  runs = new DynamoRuns(() => tables.client, { table: tables.table('RUNS_TABLE') });
  oldest = aRun({
    workspace,
    id: ulid(Date.now() - 3_600_000),
    trigger: 'webhook',
    triggerId: 'hook-of-acme',
    project: 'acquired',
    reference: 'Inv-2026-1',
    labels: ['customer:acme', 'area:north', 'kept:yes'],
    root: ulid(Date.now() - 7_200_000),
  });
  await runs.create(oldest);
  const error = { name: 'SoldOut', message: 'no stock' };
  await runs.project(oldest, projection.parse({ ...oldest, seen: 1, status: 'failed', error }), {});
  await storeRuns(
    tables.client,
    tables.table('RUNS_TABLE'),
    Array.from({ length: RUNS }, (_, at) => another(at)),
  );
});
afterAll(() => tables.close());

/** Nothing of it is rare: they have labels, references and errors as others do. */
const another = (at: number) =>
  aRun({
    workspace,
    project: 'ops',
    reference: `PO-${at}`,
    // None in the south fails.
    labels: [...(at % 3 === 0 ? ['area:north'] : []), ...(at % 4 === 2 ? ['area:south'] : [])],
    ...(at % 5 === 0 && { trigger: 'schedule', triggerId: 'nightly' }),
    ...(at % 4 === 0 && { status: 'failed', error: { name: 'HttpClientError', message: 'no' } }),
  });

/** What each page had, and how far it said that it had looked. */
async function pagesOf(filter: Omit<RunFilter, 'workspace'>, limit = 10) {
  const pages: { ids: string[]; searchedTo: string | undefined }[] = [];
  let token: string | undefined;
  do {
    const { items, next, searchedTo } = await runs.list({ workspace, ...filter }, { limit, token });
    pages.push({ ids: items.map(({ id }) => id), searchedTo });
    token = next;
  } while (token !== undefined);
  return pages;
}

const whole = (text: string) => ({ text, isPrefix: false });
const beginning = (text: string) => ({ text, isPrefix: true });

describe('among many runs, what an index knows', () => {
  /** Two looks of four shards each, and one into the rows: the most that a filter of two things takes. */
  const MOST_CALLS = 20;

  test.each<[string, Omit<RunFilter, 'workspace'>]>([
    ['a label', { labels: ['customer:acme'] }],
    ['labels of which one is frequent', { labels: ['area:north', 'customer:acme'] }],
    ['labels of which one is frequent, the other way round', { labels: ['customer:acme', 'area:north'] }],
    ['a trigger', { trigger: 'webhook' }],
    ['a webhook', { triggerId: 'hook-of-acme' }],
    ['an error', { error: 'SoldOut' }],
    ['an error, with a frequent state', { error: 'SoldOut', status: ['failed'] }],
    ['a frequent label and a rare error', { labels: ['area:north'], error: 'SoldOut' }],
    ['a frequent label in a small project', { labels: ['area:north'], project: 'acquired' }],
    ['a reference', { reference: whole('INV-2026-1') }],
    ['the beginning of a reference', { reference: beginning('inv-') }],
    ['a reference in one box', { q: 'inv-2026-1' }],
  ])('is found at once: %s', async (_, filter) => {
    calls = 0;
    const pages = await pagesOf(filter);
    expect(pages).toEqual([{ ids: [oldest.id], searchedTo: undefined }]);
    expect(calls).toBeLessThanOrEqual(MOST_CALLS);
  });

  test.each<[string, Omit<RunFilter, 'workspace'>]>([
    ['a label', { labels: ['customer:nobody'] }],
    ['labels that no run has together', { labels: ['customer:acme', 'customer:nobody'] }],
    ['a trigger', { trigger: 'email' }],
    ['a schedule', { triggerId: 'weekly' }],
    ['an error', { error: 'Nothing' }],
    ['a reference', { reference: whole('none') }],
    ['the beginning of a reference', { reference: beginning('none') }],
    ['the chain of a run', { root: ulid() }],
    ['what a run has brought about', { parent: ulid() }],
    ['a label, with all else', { labels: ['customer:nobody'], status: ['failed'], trigger: 'schedule', project: 'ops' }],
  ])('is said to be missing at once: %s', async (_, filter) => {
    calls = 0;
    expect(await pagesOf(filter)).toEqual([{ ids: [], searchedTo: undefined }]);
    expect(calls).toBeLessThanOrEqual(MOST_CALLS);
  });

  test('is counted exactly, and by keys alone where they say all', async () => {
    expect(await runs.count({ workspace })).toEqual({ count: RUNS + 1, exact: true });
    expect(await runs.count({ workspace, labels: ['area:north'] })).toEqual({ count: RUNS / 3 + 1, exact: true });
    expect(await runs.count({ workspace, trigger: 'schedule', status: ['failed'] })).toEqual({ count: RUNS / 20, exact: true });
    calls = 0;
    expect(await runs.count({ workspace, labels: ['area:north'], archived: 'any' })).toMatchObject({ exact: true });
    expect(calls).toBe(4);
    expect((await runs.newest({ workspace }, 500)).searchedTo).toBeDefined();
  });

  test('of references that begin alike, more than are looked at by name are found among the newest', async () => {
    const found = (await pagesOf({ reference: beginning('po-1') }, 100)).flatMap(({ ids }) => ids);
    expect(found).toHaveLength(1 + 10 + 100 + 500);
    expect(found).toEqual(found.toSorted().toReversed());
    expect((await pagesOf({ reference: beginning('PO-') }, 100)).flatMap(({ ids }) => ids)).toHaveLength(RUNS);
  });
});

describe('of two that many runs have, and none has both', () => {
  const filter: Omit<RunFilter, 'workspace'> = { labels: ['area:south'], error: 'HttpClientError' };

  test('a list reads the rows of a few, and sees by keys that there are no others', async () => {
    rowsRead = 0;
    const pages = await pagesOf(filter, 25);
    expect(pages.flatMap(({ ids }) => ids)).toEqual([]);
    expect(pages.at(-1)?.searchedTo).toBeUndefined();
    // A page looks at fifty rows and a hundred; it ends when its time does, on a busy machine sooner.
    expect(rowsRead).toBeLessThanOrEqual(pages.length * 150);
  });

  test('the one that comes after many is found', async () => {
    const one = aRun({ workspace, id: ulid(Date.now() - 1_800_000), labels: ['area:south'] });
    await runs.create(one);
    const error = { name: 'HttpClientError', message: 'no' };
    await runs.project(one, projection.parse({ ...one, seen: 1, status: 'failed', error }), {});
    expect((await pagesOf(filter)).flatMap(({ ids }) => ids)).toEqual([one.id]);
    expect((await pagesOf({ ...filter, status: ['failed'] })).flatMap(({ ids }) => ids)).toEqual([one.id]);
    expect((await pagesOf({ ...filter, project: one.project })).flatMap(({ ids }) => ids)).toEqual([one.id]);
    expect((await pagesOf({ ...filter, project: 'acquired' })).flatMap(({ ids }) => ids)).toEqual([]);
    rowsRead = 0;
    expect(await runs.count({ workspace, ...filter, archived: 'any' })).toEqual({ count: 1, exact: true });
    expect(rowsRead).toBe(0);
  });
});

/** A page ends when its time does: on a busy machine there are more. */
const MOST_PAGES = 50;

test('what no index knows is found in a few pages, each of which says how far it has looked', async () => {
  const pages = await pagesOf({ q: 'kept:y' });
  expect(pages.flatMap(({ ids }) => ids)).toEqual([oldest.id]);
  expect(pages.length).toBeLessThanOrEqual(MOST_PAGES);
  const times = pages.slice(0, -1).map(({ searchedTo }) => Date.parse(searchedTo ?? ''));
  expect(times).toEqual(times.toSorted((a, b) => b - a));
  expect(pages.at(-1)?.searchedTo).toBeUndefined();
  expect((await pagesOf({ q: 'nothing like it' })).length).toBeLessThanOrEqual(MOST_PAGES);
});
