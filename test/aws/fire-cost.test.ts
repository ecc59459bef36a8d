import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DynamoSchedules } from '../../shared/trigger/schedule/schedule.dynamo.ts';
import { schedule } from '../../shared/trigger/schedule/schedule.ts';
import { startTables } from '../harness/dynamo.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

const at = '2026-01-01T00:00:00.000Z';
const large = schedule.parse({
  id: '01KE0000000000000000000000',
  workspace: 'acme',
  project: 'ops',
  workflowId: 'w',
  name: 'nightly',
  expression: 'daily at 09:00',
  timezone: 'UTC',
  inputs: { text: 'x'.repeat(60_000) },
  dst: { gap: 'shift', overlap: 'first' },
  overlap: 'allow',
  catchUp: 'last',
  catchUpWindow: '24h',
  enabled: true,
  createdAt: at,
  createdBy: { kind: 'key', id: 'k', name: 'ann' },
  updatedAt: at,
  anchor: at,
  revision: 1,
  queued: [],
  open: [],
  failures: 0,
  next: '2026-01-01T09:00:00.000Z',
  dueAt: '2026-01-01T09:02:00.000Z',
});

test('a fire of a schedule with large inputs copies them into no index, and lists show them all the same', async () => {
  const answers: ConsumedCapacity[] = [];
  tables.client.middlewareStack.add(
    (next) => async (call) => {
      const answer = await next({ ...call, input: { ...call.input, ReturnConsumedCapacity: 'INDEXES' } as typeof call.input });
      const { ConsumedCapacity } = answer.output as { ConsumedCapacity?: ConsumedCapacity };
      if (ConsumedCapacity && !Array.isArray(ConsumedCapacity)) answers.push(ConsumedCapacity);
      return answer;
    },
    { name: 'counting', override: true },
  );
  const schedules = new DynamoSchedules(() => tables.client, { table: tables.table('TRIGGERS_TABLE'), retentionDays: 90 });
  await schedules.create(large);
  answers.length = 0;
  await schedules.replace(large, {
    ...large,
    next: '2026-01-02T09:00:00.000Z',
    dueAt: '2026-01-02T09:02:00.000Z',
    last: { nominal: '2026-01-01T09:00:00.000Z', runId: 'r' },
  });
  const indexes = Object.values(answers[0]?.GlobalSecondaryIndexes ?? {});
  expect(indexes.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0)).toBeLessThanOrEqual(6);
  const { items } = await schedules.list({ workspace: 'acme', workflowId: 'w' }, { limit: 10 });
  expect(items).toMatchObject([{ inputs: large.inputs, next: '2026-01-02T09:00:00.000Z' }]);
  expect(await schedules.list({ workspace: 'other', workflowId: 'w' }, { limit: 10 })).toMatchObject({ items: [] });
});
