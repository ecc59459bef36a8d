import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../shared/kernel/id.ts';
import { parseJson } from '../../shared/kernel/json.ts';
import { DynamoSchedules } from '../../shared/trigger/schedule/schedule.dynamo.ts';
import type { Schedule } from '../../shared/trigger/schedule/schedule.ts';
import { createWorkflow, updateWorkflow } from '../../shared/workflow/save-workflow.ts';
import { DynamoWorkflows } from '../../shared/workflow/workflow.dynamo.ts';
import { anActor } from '../harness/builders.ts';
import { startTables } from '../harness/dynamo.ts';

const at = '2026-01-01T00:00:00.000Z';
const now = () => new Date(at);

/** Inputs that no map of DynamoDB could hold: a number of 60 digits, one of 300 places, 40 levels. */
const TEXT = `{"id":8202522731445525542,"long":${'9'.repeat(60)},"large":1e+300,"deep":${'['.repeat(40)}${']'.repeat(40)}}`;
const inputs = Object(parseJson(TEXT));

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

test('the inputs of a schedule come back as they were given, alone and in a list', async () => {
  const schedules = new DynamoSchedules(() => tables.client, { table: tables.table('TRIGGERS_TABLE'), retentionDays: 90 });
  const row: Schedule = {
    id: newId(now().getTime()),
    workspace: 'acme',
    project: 'ops',
    workflowId: newId(now().getTime()),
    name: 'nightly',
    expression: 'every 1d',
    timezone: 'UTC',
    inputs,
    dst: { gap: 'skip', overlap: 'first' },
    overlap: 'skip',
    catchUp: 'last',
    catchUpWindow: '24h',
    enabled: true,
    createdAt: at,
    createdBy: anActor('ann'),
    updatedAt: at,
    anchor: at,
    revision: 1,
    queued: [],
    open: [],
    failures: 0,
  };
  await schedules.create(row);
  const list = await schedules.list(row, { limit: 10, token: undefined });
  for (const read of [await schedules.get(row.id), list.items[0]]) expect(JSON.stringify(read?.inputs)).toBe(TEXT);
});

test('the start defaults of a workflow come back as they were given', async () => {
  const workflows = new DynamoWorkflows(() => tables.client, tables.table('WORKFLOWS_TABLE'));
  const author = { workflows, connections: { byName: async () => undefined }, retentionDays: 90, now };
  const of = { workspace: 'acme', project: 'ops', actor: anActor('ann') };
  const { workflow } = await createWorkflow(author, of, 'format: 1\nname: defaults\nsteps: [{ id: a, set: {} }]\n');
  await updateWorkflow(author, workflow, { startDefaults: { inputs, name: 'daily' } });
  const read = await workflows.get(workflow.id);
  expect(read?.startDefaults?.name).toBe('daily');
  expect(JSON.stringify(read?.startDefaults?.inputs)).toBe(TEXT);
});
