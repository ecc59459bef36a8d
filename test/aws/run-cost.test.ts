import type { ConsumedCapacity, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Projection, projection, type Run } from '../../shared/run/model/run.ts';
import { DynamoRuns } from '../../shared/run/store/run.dynamo.ts';
import { aRun } from '../harness/builders.ts';
import { startTables } from '../harness/dynamo.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let runs: DynamoRuns;
let units = 0;

beforeAll(async () => {
  tables = await startTables();
  runs = new DynamoRuns(() => counting(tables.client), { table: tables.table('RUNS_TABLE') });
});
afterAll(() => tables.close());

/** Has every answer say what it cost. */
function counting(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.add(
    (next) => async (call) => {
      const answer = await next({ ...call, input: { ...call.input, ReturnConsumedCapacity: 'INDEXES' } as typeof call.input });
      const { ConsumedCapacity = [] } = answer.output as { ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[] };
      for (const { CapacityUnits = 0 } of [ConsumedCapacity].flat()) units += CapacityUnits;
      return answer;
    },
    { name: 'counting', override: true },
  );
  return client;
}

/** What a call costs, in units. */
async function cost(call: () => Promise<unknown>): Promise<number> {
  units = 0;
  expect(await call()).not.toBe(false);
  return units;
}

const NOW = new Date().toISOString();
const KEPT = 2_000_000_000;

/** A run of three http steps, as an API starts it. */
const w3 = () =>
  aRun({
    workspace: 'acme-production',
    project: 'order-processing',
    workflowId: ulid(),
    workflowName: 'order-intake',
    name: 'Order intake',
    reference: 'ORDER-2026-004711',
    createdAt: NOW,
    definition: 'a'.repeat(64),
    inputs: { json: JSON.stringify({ order: 4711, customer: 'c-8123', url: 'https://erp.example.com/orders/4711' }) },
    actor: { kind: 'key', id: ulid(), name: 'order desk' },
  });

const shown = (run: Run, seen: number, of: Partial<Projection>) => projection.parse({ ...run, seen, ...of });
const outputs = { json: JSON.stringify({ status: 'booked', number: 'B-2026-123456', lines: 12 }) };
const succeeded = (run: Run, seen: number) => shown(run, seen, { status: 'succeeded', startedAt: NOW, endedAt: NOW, outputs });

test('a run costs what its budget says: five units for its start, one for an item of its journal, two for its end', async () => {
  const run = w3();
  const { reference: _, ...plain } = run;
  expect(await cost(() => runs.create(plain))).toBe(5);
  expect(await cost(() => runs.append(run.id, 0, [{ type: 'run_started', at: NOW }], KEPT, 'writer'))).toBe(1);
  expect(await cost(() => runs.project(plain, succeeded(run, 1), { keptUntil: KEPT }))).toBe(2);
});

test('a reference costs one unit more, a parent another', async () => {
  expect(await cost(() => runs.create(w3()))).toBe(6);
  expect(await cost(() => runs.create({ ...w3(), parent: ulid() }))).toBe(7);
});

test('what only some runs have costs what it is found by: a label five units at its start, a trigger one and its settings one, an error one', async () => {
  const { reference: _, ...run } = w3();
  const other = () => ({ ...run, id: ulid() });
  // The transaction of the row and its labels writes each of them twice.
  expect(await cost(() => runs.create({ ...other(), labels: ['customer:acme'] }))).toBeLessThanOrEqual(9);
  expect(await cost(() => runs.create({ ...other(), labels: ['customer:acme', 'area:north'] }))).toBeLessThanOrEqual(12);
  expect(await cost(() => runs.create({ ...other(), trigger: 'email' }))).toBe(6);
  expect(await cost(() => runs.create({ ...other(), trigger: 'webhook', triggerId: ulid() }))).toBe(7);
  const failing = other();
  await runs.create(failing);
  const error = { name: 'SoldOut', message: 'no stock' };
  const failed = shown(failing, 1, { status: 'failed', startedAt: NOW, endedAt: NOW, error });
  // The row, its leaving the live ones, the index by state, the error.
  expect(await cost(() => runs.project(failing, failed, { keptUntil: KEPT }))).toBe(4);
});

test('a young run that shows that it runs costs one unit and is in no other index for it', async () => {
  const run = w3();
  await runs.create(run);
  expect(await cost(() => runs.project(run, shown(run, 1, { status: 'running', startedAt: NOW }), {}))).toBe(1);
});

test('a run that may stay as it is for long enters the index by state, and leaves it', async () => {
  const run = w3();
  await runs.create(run);
  const later = new Date(Date.parse(NOW) + 900_000).toISOString();
  // The row, its move within the live ones, and the index by state.
  expect(await cost(() => runs.project(run, shown(run, 1, { status: 'running' }), { dueAt: later }))).toBe(4);
  expect(await cost(() => runs.project(run, succeeded(run, 2), { keptUntil: KEPT }))).toBe(3);
});

test('a run is loaded with one unit, and so is what is new in its journal', async () => {
  const run = w3();
  await runs.create(run);
  expect(await cost(() => runs.load(run.id))).toBe(1);
  expect(await cost(() => runs.entriesAfter(run.id, 0))).toBeLessThanOrEqual(1);
});

test('a page of a list costs about what it returns', async () => {
  const workspace = ulid();
  await Promise.all(Array.from({ length: 200 }, () => runs.create({ ...w3(), workspace })));
  expect(await cost(() => runs.list({ workspace }, { limit: 50 }))).toBeLessThanOrEqual(50 + 2 * 4);
});
