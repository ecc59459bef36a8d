import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorkflow, publish, saveDraft, type WorkflowServices } from '../../shared/workflow/save-workflow.ts';
import { DynamoWorkflows } from '../../shared/workflow/workflow.dynamo.ts';
import { anActor } from '../harness/builders.ts';
import { startTables } from '../harness/dynamo.ts';

const of = { workspace: 'acme', project: 'ops', actor: anActor('ann') };
const text = (name: string, more = '') => `format: 1\nname: ${name}\n${more}steps: [{ id: a, set: {} }]\n`;

let tables: Awaited<ReturnType<typeof startTables>>;
let author: WorkflowServices;
beforeAll(async () => {
  tables = await startTables();
  const workflows = new DynamoWorkflows(() => tables.client, tables.table('WORKFLOWS_TABLE'));
  author = { workflows, retentionDays: 30, now: () => new Date('2026-01-01T00:00:00Z') };
});
afterAll(() => tables.close());

describe('a workflow whose runs may last longer than they are kept', () => {
  test('is saved with a warning, each time', async () => {
    const made = await createWorkflow(author, of, text('created'));
    expect(made.warnings).toMatchObject([{ path: 'timeout', message: expect.stringContaining('kept for 30d') }]);
    const saved = await saveDraft(author, made.workflow, text('created', 'timeout: 31d\n'), anActor('ann'));
    expect(saved.warnings).toMatchObject([{ path: 'timeout', line: 3, message: expect.stringContaining('may take 31d') }]);
  });

  test('is not published until it lasts less', async () => {
    const { workflow } = await createWorkflow(author, of, text('published', 'timeout: 31d\n'));
    await expect(publish(author, workflow, anActor('ann'))).rejects.toMatchObject({
      kind: 'document',
      details: [{ name: 'timeout', value: expect.stringContaining('write timeout: 30d or less') }],
    });
    const shorter = await saveDraft(author, workflow, text('published', 'timeout: 30d\n'), anActor('ann'));
    expect(shorter.warnings).toEqual([]);
    expect(await publish(author, shorter.workflow, anActor('ann'))).toMatchObject({ version: { number: 1 }, warnings: [] });
  });
});

test('a workflow may be saved any number of times: each text is stored once, under its own hash', async () => {
  let { workflow, definition } = await createWorkflow(author, of, text('often', 'timeout: 1h\n'));
  const first = definition.hash;
  for (const timeout of ['2h', '3h', '1h']) {
    ({ workflow, definition } = await saveDraft(author, workflow, text('often', `timeout: ${timeout}\n`), anActor('ann')));
    expect(await author.workflows.checked(workflow.id, definition.hash)).toMatchObject({ document: { timeout }, pins: {} });
  }
  expect(definition.hash).toBe(first);
});
