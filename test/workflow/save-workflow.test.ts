import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorkflow, type PublishServices, publish, saveDraft } from '../../shared/workflow/save-workflow.ts';
import { DynamoWorkflows } from '../../shared/workflow/workflow.dynamo.ts';
import { anActor } from '../harness/builders.ts';
import { startTables } from '../harness/dynamo.ts';

const of = { workspace: 'acme', project: 'ops', actor: anActor('ann') };
const text = (name: string, more = '') => `format: 1\nname: ${name}\n${more}steps: [{ id: a, set: {} }]\n`;

let tables: Awaited<ReturnType<typeof startTables>>;
let author: PublishServices;
beforeAll(async () => {
  tables = await startTables();
  const workflows = new DynamoWorkflows(() => tables.client, tables.table('WORKFLOWS_TABLE'));
  author = {
    workflows,
    connections: { byName: async () => undefined },
    retentionDays: 30,
    now: () => new Date('2026-01-01T00:00:00Z'),
  };
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

describe('what a run step gives to the workflow that it starts', () => {
  const closed =
    'input: { type: object, additionalProperties: false, required: [sku], properties: { sku: { type: string }, quantity: { type: integer, default: 1 }, lines: { type: array } } }\n';
  const open = 'input: { type: object, properties: { sku: { type: string } } }\n';
  const calling = (callee: string, input: string) =>
    `format: 1\nname: caller-${callee}\nsteps:\n  - id: call\n    run: { workflow: ${callee}, input: ${input} }\n`;

  beforeAll(async () => {
    for (const [name, input] of [
      ['price', closed],
      ['loose', open],
    ] as const)
      await publish(lasting(), (await createWorkflow(lasting(), of, text(name, input))).workflow, anActor());
  });

  const lasting = (): PublishServices => ({ ...author, retentionDays: 365 });

  const heard = async (callee: string, input: string) => {
    const { workflow, warnings } = await createWorkflow(lasting(), of, calling(callee, input)).catch((error) => ({
      workflow: undefined,
      warnings: error.details.map(({ value }: { value: string }) => ({ message: value })),
    }));
    if (workflow) await author.workflows.remove(workflow, '2026-01-01T00:00:00Z');
    return warnings.map(({ message }: { message: string }) => message);
  };

  test.each([
    ['price', '{ skuu: A }', '5:38 steps.call.run.input.skuu: the workflow "price" takes no input "skuu", did you mean "sku"?'],
    [
      'price',
      '{ sku: A, colour: red }',
      '5:46 steps.call.run.input.colour: the workflow "price" takes no input "colour"; it takes sku, quantity, lines',
    ],
    ['price', '{ quantity: 2 }', '5:29 steps.call.run.input: the workflow "price" needs the input "sku"; write sku: <value>'],
    [
      'price',
      '{ sku: A, quantity: two }',
      '5:46 steps.call.run.input.quantity: the workflow "price" does not take this: must be a whole number, not "two"',
    ],
    ['loose', '{ skuu: A }', 'steps.call.run.input.skuu: the workflow "loose" names no input "skuu", did you mean "sku"?'],
  ])('is checked against its schema when saved: %s %s', async (callee, input, message) => {
    expect(await heard(callee, input)).toEqual([message]);
  });

  test.each([
    ['price', "{ sku: A, quantity: '${ $run.id }', lines: [] }"],
    ['price', "{ sku: '${ $run.name }' }"],
    ['loose', '{ anything: 1 }'],
    ['loose', '{}'],
  ])('may be all that its schema takes: %s %s', async (callee, input) => {
    expect(await heard(callee, input)).toEqual([]);
  });

  test('is checked where a workflow starts itself, and a callee that is not there is told where it is named', async () => {
    const own = `${text('own', closed).replace('set: {}', 'run: { workflow: own, input: {} }')}`;
    await expect(createWorkflow(lasting(), of, own)).rejects.toMatchObject({
      details: [{ value: expect.stringContaining('needs the input "sku"') }],
    });
    await expect(createWorkflow(lasting(), of, calling('nobody', '{}'))).rejects.toMatchObject({
      details: [
        {
          name: 'steps.call.run.workflow',
          value: '5:12 steps.call.run.workflow: the project has no workflow "nobody" with a published version',
        },
      ],
    });
  });
});
