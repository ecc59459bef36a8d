import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunFilter } from '../../shared/run/list/filter.ts';
import { DynamoRuns } from '../../shared/run/store/run.dynamo.ts';
import { aRun } from '../harness/builders.ts';
import { startTables } from '../harness/dynamo.ts';

const RUNS = 1_500;
const AT_ONCE = 100;
const workspace = ulid();
let tables: Awaited<ReturnType<typeof startTables>>;
let runs: DynamoRuns;
let oldest: string;

beforeAll(async () => {
  tables = await startTables();
  runs = new DynamoRuns(() => tables.client, { table: tables.table('RUNS_TABLE') });
  oldest = ulid(Date.now() - 3_600_000);
  await runs.create(aRun({ workspace, id: oldest, trigger: 'email', labels: ['customer:acme'] }));
  for (let made = 0; made < RUNS; made += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, () => runs.create(aRun({ workspace }))));
});
afterAll(() => tables.close());

/** What each page had, and how far it said that it had looked. */
async function pagesOf(filter: Omit<RunFilter, 'workspace'>) {
  const pages: { ids: string[]; searchedTo: string | undefined }[] = [];
  let token: string | undefined;
  do {
    const { items, next, searchedTo } = await runs.list({ workspace, ...filter }, { limit: 10, token });
    pages.push({ ids: items.map(({ id }) => id), searchedTo });
    token = next;
  } while (token !== undefined);
  return pages;
}

test.each<[string, Omit<RunFilter, 'workspace'>]>([
  ['a trigger', { trigger: 'email' }],
  ['a label', { labels: ['customer:acme'] }],
])('the one old run of %s is found in a few pages, each of which says how far it has looked', async (_, filter) => {
  const pages = await pagesOf(filter);
  expect(pages.flatMap(({ ids }) => ids)).toEqual([oldest]);
  expect(pages.length).toBeLessThanOrEqual(6);
  const times = pages.slice(0, -1).map(({ searchedTo }) => Date.parse(searchedTo ?? ''));
  expect(times).toEqual(times.toSorted((a, b) => b - a));
  expect(pages.at(-1)?.searchedTo).toBeUndefined();
});

test('that there is no such run is said in a few pages', async () => {
  const pages = await pagesOf({ reference: { text: 'none', isPrefix: true } });
  expect([pages.flatMap(({ ids }) => ids), pages.length <= 6]).toEqual([[], true]);
});

test('runs are counted by the keys of their index, however many there are', async () => {
  expect(await runs.count({ workspace })).toEqual({ count: RUNS + 1, exact: true });
  expect(await runs.count({ workspace, trigger: 'email' })).toEqual({ count: 1, exact: true });
  expect((await runs.newest({ workspace }, 500)).searchedTo).toBeDefined();
});
