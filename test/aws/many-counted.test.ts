import { TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Item, toItem } from '../../shared/aws/items.ts';
import { MOST_COUNTED } from '../../shared/run/ports.ts';
import { DynamoRuns } from '../../shared/run/store/run.dynamo.ts';
import { runItem, shardsOf } from '../../shared/run/store/run-items.dynamo.ts';
import { aRun } from '../harness/builders.ts';
import { startTables } from '../harness/dynamo.ts';

const AT_ONCE = 100;
const workspace = ulid();
const now = Date.now();
const [shard = ''] = shardsOf('by-workspace', workspace);
let tables: Awaited<ReturnType<typeof startTables>>;
let runs: DynamoRuns;

/** The least that a run is listed by: so many whole ones take their time. */
const aRow = (createdMs: number): Item => {
  const run = aRun({ id: ulid(createdMs), workspace, trigger: 'api', createdAt: new Date(createdMs).toISOString() });
  const kept = Object.entries(runItem(run)).filter(([name]) => ['pk', 'sk', 'text'].includes(name));
  return { ...Object.fromEntries(kept), ...toItem({ status: 'succeeded', workspaceKey: shard }) };
};

beforeAll(async () => {
  tables = await startTables();
  const TableName = tables.table('RUNS_TABLE');
  runs = new DynamoRuns(() => tables.client, { table: TableName });
  for (let made = 0; made < MOST_COUNTED; made += AT_ONCE) {
    const puts = Array.from({ length: AT_ONCE }, (_, at) => ({ Put: { TableName, Item: aRow(now - made - at) } }));
    await tables.client.send(new TransactWriteItemsCommand({ TransactItems: puts }));
  }
}, 120_000);
afterAll(() => tables.close());

test('runs are counted exactly up to 10,000; of more it is said that they are', async () => {
  const all = { count: 10_000, exact: true };
  expect(MOST_COUNTED).toBe(10_000);
  // By the keys of the index, and by rows.
  expect(await runs.count({ workspace })).toEqual(all);
  expect(await runs.count({ workspace, trigger: 'api' })).toEqual(all);
  await runs.create(aRun({ workspace, trigger: 'email', labels: ['a:1'] }));
  expect(await runs.count({ workspace })).toEqual({ ...all, exact: false });
  expect(await runs.count({ workspace, trigger: 'api' })).toEqual(all);
  // What indexes know is exact among any number.
  await runs.create(aRun({ workspace, trigger: 'api' }));
  expect(await runs.count({ workspace, trigger: 'api' })).toEqual({ count: 10_001, exact: true });
  expect(await runs.count({ workspace, labels: ['a:1'] })).toEqual({ count: 1, exact: true });
}, 60_000);
