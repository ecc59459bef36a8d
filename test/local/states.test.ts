import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  ListStateMachineVersionsCommand,
  PublishStateMachineVersionCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Cloud } from '../../local/cloud.ts';
import { cloudInProcess } from '../cloud.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { calls } from './functions/echo.ts';
import { smallStack } from './small-stack.ts';

const folder = temporaryFolder();
let cloud: Cloud;
let states: SFNClient;

beforeAll(async () => {
  cloud = await cloudInProcess(smallStack, folder.path);
  states = new SFNClient({ maxAttempts: 1 });
});
afterAll(async () => {
  await cloud.close();
  folder.remove();
});
beforeEach(() => {
  calls.length = 0;
});

const ECHO = 'arn:aws:lambda:us-east-1:000000000000:function:echo:live';
const ROLE = 'arn:aws:iam::000000000000:role/machines';

const task = (payload: object, more: object = { End: true }) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: ECHO, Payload: payload },
  ...more,
});

let count = 0;
async function machine(definition: object): Promise<string> {
  count += 1;
  const create = new CreateStateMachineCommand({
    name: `machine-${count}`,
    roleArn: ROLE,
    definition: JSON.stringify(definition),
    publish: true,
  });
  const { stateMachineVersionArn } = await states.send(create);
  return stateMachineVersionArn ?? '';
}

const one = (state: object) => ({ StartAt: 'Only', States: { Only: state } });

async function ended(definition: object, input: unknown = {}, name?: string) {
  const started = await states.send(
    new StartExecutionCommand({ stateMachineArn: await machine(definition), input: JSON.stringify(input), name }),
  );
  return endOf(started.executionArn ?? '');
}

async function endOf(executionArn: string) {
  return vi.waitFor(
    async () => {
      const execution = await states.send(new DescribeExecutionCommand({ executionArn }));
      expect(execution.status).not.toBe('RUNNING');
      return execution;
    },
    { timeout: 10_000, interval: 5 },
  );
}

test('a task calls its function with the payload and goes on with the answer', async () => {
  const execution = await ended(one(task({ 'answer.$': '$.wanted' })), { wanted: { n: 1 } });
  expect(execution).toMatchObject({ status: 'SUCCEEDED', input: '{"wanted":{"n":1}}' });
  expect(JSON.parse(execution.output ?? '')).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST', Payload: { n: 1 } });
  expect(execution.stateMachineVersionArn).toBe(`${execution.stateMachineArn}:1`);
});

test('an error of a handler surfaces under its name, with the cause that Lambda gives', async () => {
  const execution = await ended(one(task({ fail: { name: 'OutOfStock', message: 'none left' } })));
  expect(execution).toMatchObject({ status: 'FAILED', error: 'OutOfStock' });
  expect(JSON.parse(execution.cause ?? '')).toMatchObject({
    errorType: 'OutOfStock',
    errorMessage: 'none left',
    trace: expect.any(Array),
  });
});

test('a function that takes longer than it may fails the task', async () => {
  const execution = await ended(one(task({ hang: true })));
  expect(execution).toMatchObject({ status: 'FAILED', error: 'Sandbox.Timedout' });
  expect(execution.cause).toContain('Task timed out after 1.00 seconds');
});

test('a rejection that a handler leaves alone does not end the process', async () => {
  const survived = vi.fn();
  process.on('unhandledRejection', survived);
  await expect(ended(one(task({ reject: true })))).resolves.toMatchObject({ status: 'SUCCEEDED' });
  await vi.waitFor(() => expect(survived).toHaveBeenCalled());
  process.off('unhandledRejection', survived);
});

test('a caught error goes to its handler as Error and Cause', async () => {
  const failing = task(
    { fail: { name: 'OutOfStock', message: 'none left' } },
    { Next: 'Never', Catch: [{ ErrorEquals: ['OutOfStock'], Next: 'Caught' }] },
  );
  const execution = await ended({
    StartAt: 'Try',
    States: { Try: failing, Never: { Type: 'Fail' }, Caught: { Type: 'Succeed' } },
  });
  expect(JSON.parse(execution.output ?? '')).toMatchObject({ Error: 'OutOfStock', Cause: expect.stringContaining('none left') });
});

test('a Retry tries again as often as it says', async () => {
  const retried = task(
    { fail: { name: 'Again', message: '' } },
    { End: true, Retry: [{ ErrorEquals: ['Again'], IntervalSeconds: 0, MaxAttempts: 2 }] },
  );
  await expect(ended(one(retried))).resolves.toMatchObject({ status: 'FAILED', error: 'Again' });
  expect(calls).toHaveLength(3);
});

test('a branch that waits for its retry does nothing more once another branch has failed', async () => {
  const backOff = { End: true, Retry: [{ ErrorEquals: ['Again'], IntervalSeconds: 30, MaxAttempts: 5 }] };
  const parallel = {
    Type: 'Parallel',
    Branches: [
      { StartAt: 'Retried', States: { Retried: task({ branch: 'retried', fail: { name: 'Again', message: '' } }, backOff) } },
      { StartAt: 'Inner', States: { Inner: { ...group('Again'), ...backOff } } },
      { StartAt: 'Fails', States: { Fails: task({ sleepMs: 100, fail: { name: 'Fatal', message: '' } }) } },
    ],
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'After' }],
    Next: 'After',
  };
  const after = task({ branch: 'after', sleepMs: 50 });
  const execution = await ended({ StartAt: 'All', States: { All: parallel, After: after } });
  expect(execution.status).toBe('SUCCEEDED');
  expect(calls.map((call) => JSON.stringify(call)).filter((call) => /Again/.test(call))).toHaveLength(2);
});

const group = (error: string) => ({
  Type: 'Parallel',
  Branches: [{ StartAt: 'Deep', States: { Deep: task({ branch: 'deep', fail: { name: error, message: '' } }) } }],
});

test('a Map walks its items with their index', async () => {
  const map = {
    Type: 'Map',
    ItemsPath: '$.items',
    MaxConcurrency: 2,
    ItemSelector: { 'index.$': '$$.Map.Item.Index', 'item.$': '$$.Map.Item.Value' },
    ItemProcessor: { StartAt: 'Each', States: { Each: { Type: 'Pass', End: true } } },
    End: true,
  };
  const execution = await ended(one(map), { items: ['a', 'b', 'c'] });
  expect(JSON.parse(execution.output ?? '')).toEqual([
    { index: 0, item: 'a' },
    { index: 1, item: 'b' },
    { index: 2, item: 'c' },
  ]);
});

test('a Wait lasts until its time and hands its input on', async () => {
  const until = new Date(Date.now() + 150).toISOString();
  const execution = await ended(one({ Type: 'Wait', TimestampPath: '$.until', End: true }), { until });
  expect(JSON.parse(execution.output ?? '')).toEqual({ until });
  expect(execution.stopDate?.getTime()).toBeGreaterThanOrEqual(Date.parse(until));
});

test('a Wait of a year does not end at once', async () => {
  const started = await states.send(
    new StartExecutionCommand({ stateMachineArn: await machine(one({ Type: 'Wait', Seconds: 31_536_000, End: true })) }),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { executionArn } = started;
  await expect(states.send(new DescribeExecutionCommand({ executionArn }))).resolves.toMatchObject({ status: 'RUNNING' });
  await states.send(new StopExecutionCommand({ executionArn }));
});

test('the context object says where the execution is', async () => {
  const state = {
    Type: 'Pass',
    Parameters: { 'name.$': '$$.Execution.Name', 'state.$': '$$.State.Name', 'machine.$': '$$.StateMachine.Name' },
    End: true,
  };
  const execution = await ended(one(state), {}, 'known');
  expect(JSON.parse(execution.output ?? '')).toEqual({ name: 'known', state: 'Only', machine: `machine-${count}` });
});

test('a task that waits for a token goes on with what is sent back', async () => {
  const waiting = task(
    { 'token.$': '$$.Task.Token' },
    { End: true, Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken', TimeoutSeconds: 20 },
  );
  const { executionArn = '' } = await states.send(new StartExecutionCommand({ stateMachineArn: await machine(one(waiting)) }));
  const taskToken = await vi.waitFor(() => {
    const [call] = calls;
    if (typeof call !== 'object' || call === null || !('token' in call)) throw new Error('not called yet');
    return String(call.token);
  });
  await states.send(new SendTaskSuccessCommand({ taskToken, output: '{"approved":true}' }));
  await expect(endOf(executionArn)).resolves.toMatchObject({ status: 'SUCCEEDED', output: '{"approved":true}' });
  await expect(states.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }))).rejects.toMatchObject({
    name: 'TaskTimedOut',
  });
});

test('the same name and input start once while the execution runs, and never again after it', async () => {
  const stateMachineArn = await machine(one(task({ sleepMs: 200 })));
  const start = (input: string) => states.send(new StartExecutionCommand({ stateMachineArn, name: 'once', input }));
  const first = await start('{}');
  await expect(start('{}')).resolves.toMatchObject({ executionArn: first.executionArn, startDate: first.startDate });
  await expect(start('{"other":1}')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  await endOf(first.executionArn ?? '');
  await expect(start('{}')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  expect(calls).toHaveLength(1);
});

test('a stopped execution ends as aborted, and its end is told to the rules that want to know', async () => {
  const stateMachineArn = await machine(one({ Type: 'Wait', Seconds: 60, End: true }));
  const { executionArn = '' } = await states.send(new StartExecutionCommand({ stateMachineArn, name: 'told-1' }));
  await states.send(new StopExecutionCommand({ executionArn, error: 'Stop', cause: 'by hand' }));
  await expect(endOf(executionArn)).resolves.toMatchObject({ status: 'ABORTED', error: 'Stop', cause: 'by hand' });
  await vi.waitFor(() => expect(calls).toContainEqual(expect.objectContaining({ source: 'aws.states' })));
  expect(calls.find((call) => JSON.stringify(call).includes('aws.states'))).toMatchObject({
    'detail-type': 'Step Functions Execution Status Change',
    resources: [executionArn],
    detail: {
      executionArn,
      status: 'ABORTED',
      name: 'told-1',
      error: 'Stop',
      cause: 'by hand',
      stateMachineVersionArn: stateMachineArn,
    },
  });
});

test('an execution that lasts longer than its machine allows is timed out', async () => {
  const definition = { TimeoutSeconds: 1, ...one({ Type: 'Wait', Seconds: 60, End: true }) };
  await expect(ended(definition)).resolves.toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
});

test('an update publishes a version, the same definition does not', async () => {
  const stateMachineVersionArn = await machine(one({ Type: 'Pass', End: true }));
  const stateMachineArn = stateMachineVersionArn.replace(/:1$/, '');
  const changed = JSON.stringify(one({ Type: 'Succeed' }));
  const update = () => states.send(new UpdateStateMachineCommand({ stateMachineArn, definition: changed, publish: true }));
  await expect(update()).resolves.toMatchObject({ stateMachineVersionArn: `${stateMachineArn}:2` });
  await expect(update()).resolves.toMatchObject({ stateMachineVersionArn: `${stateMachineArn}:2` });
  await expect(states.send(new PublishStateMachineVersionCommand({ stateMachineArn }))).resolves.toMatchObject({
    stateMachineVersionArn: `${stateMachineArn}:2`,
  });
  await expect(states.send(new DescribeStateMachineCommand({ stateMachineArn: `${stateMachineArn}:1` }))).resolves.toMatchObject({
    definition: JSON.stringify(one({ Type: 'Pass', End: true })),
    status: 'ACTIVE',
  });
  const { stateMachineVersions } = await states.send(new ListStateMachineVersionsCommand({ stateMachineArn }));
  expect(stateMachineVersions?.map((version) => version.stateMachineVersionArn)).toEqual([
    `${stateMachineArn}:2`,
    `${stateMachineArn}:1`,
  ]);
});

test('creating the same machine again is the same machine, another one under its name is refused', async () => {
  const create = (state: object) =>
    states.send(new CreateStateMachineCommand({ name: 'same', roleArn: ROLE, definition: JSON.stringify(one(state)) }));
  const first = await create({ Type: 'Succeed' });
  await expect(create({ Type: 'Succeed' })).resolves.toMatchObject({ stateMachineArn: first.stateMachineArn });
  await expect(create({ Type: 'Pass', End: true })).rejects.toMatchObject({ name: 'StateMachineAlreadyExists' });
});

test.each([
  ['InvalidName', { name: 'not a name' }],
  ['InvalidDefinition', { definition: '{' }],
  ['InvalidDefinition', { definition: JSON.stringify({ StartAt: 'Missing', States: { Only: { Type: 'Succeed' } } }) }],
  [
    'InvalidDefinition',
    { definition: JSON.stringify(one({ Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage', End: true })) },
  ],
])('a machine that Step Functions would not take is refused: %s', async (name, fault) => {
  const create = new CreateStateMachineCommand({
    name: 'fine',
    roleArn: ROLE,
    definition: JSON.stringify(one({ Type: 'Succeed' })),
    ...fault,
  });
  await expect(states.send(create)).rejects.toMatchObject({ name });
});

test('what does not exist is said not to', async () => {
  const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:none';
  await expect(states.send(new StartExecutionCommand({ stateMachineArn }))).rejects.toMatchObject({
    name: 'StateMachineDoesNotExist',
  });
  await expect(states.send(new StartExecutionCommand({ stateMachineArn: 'none' }))).rejects.toMatchObject({ name: 'InvalidArn' });
  const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:none:none';
  await expect(states.send(new DescribeExecutionCommand({ executionArn }))).rejects.toMatchObject({
    name: 'ExecutionDoesNotExist',
  });
  await expect(states.send(new StopExecutionCommand({ executionArn }))).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
});

test('a deleted machine starts nothing more and is gone', async () => {
  const stateMachineArn = (await machine(one({ Type: 'Succeed' }))).replace(/:1$/, '');
  await states.send(new DeleteStateMachineCommand({ stateMachineArn }));
  await states.send(new DeleteStateMachineCommand({ stateMachineArn }));
  await expect(states.send(new StartExecutionCommand({ stateMachineArn }))).rejects.toMatchObject({
    name: 'StateMachineDoesNotExist',
  });
});

test('lists are paged, newest first', async () => {
  const stateMachineArn = await machine(one({ Type: 'Succeed' }));
  for (const name of ['a', 'b', 'c']) await states.send(new StartExecutionCommand({ stateMachineArn, name }));
  const list = { stateMachineArn: stateMachineArn.replace(/:1$/, ''), maxResults: 2 };
  const first = await states.send(new ListExecutionsCommand(list));
  const rest = await states.send(new ListExecutionsCommand({ ...list, nextToken: first.nextToken }));
  expect(first.executions).toHaveLength(2);
  expect(rest.executions).toHaveLength(1);
  expect(rest.nextToken).toBeUndefined();
  const { stateMachines } = await states.send(new ListStateMachinesCommand({ maxResults: 1 }));
  expect(stateMachines).toHaveLength(1);
});

test('the history has the start and the end', async () => {
  const { executionArn } = await ended(one({ Type: 'Fail', Error: 'No', Cause: 'because' }));
  const { events } = await states.send(new GetExecutionHistoryCommand({ executionArn }));
  expect(events?.map(({ type }) => type)).toEqual(['ExecutionStarted', 'ExecutionFailed']);
  expect(events?.[1]?.executionFailedEventDetails).toEqual({ error: 'No', cause: 'because' });
});

test('transitions count every state and every retry', async () => {
  const before = cloud.usage().operations.stepFunctions;
  const retried = task(
    { fail: { name: 'Again', message: '' } },
    {
      Next: 'Last',
      Retry: [{ ErrorEquals: ['Again'], IntervalSeconds: 0, MaxAttempts: 1 }],
      Catch: [{ ErrorEquals: ['Again'], Next: 'Last' }],
    },
  );
  await ended({ StartAt: 'Try', States: { Try: retried, Last: { Type: 'Succeed' } } });
  const after = cloud.usage().operations.stepFunctions;
  expect(after.transitions - before.transitions).toBe(3);
  expect(after.executions - before.executions).toBe(1);
});

test('executions that had not ended are started again with the same name and input, and ends that nobody heard of are told', async () => {
  const stateMachineArn = await machine({
    StartAt: 'First',
    States: {
      First: task({ 'input.$': '$' }, { ResultPath: null, Next: 'Long' }),
      Long: { Type: 'Wait', Seconds: 60, End: true },
    },
  });
  const { executionArn } = await states.send(
    new StartExecutionCommand({ stateMachineArn, name: 'interrupted', input: '{"n":7}' }),
  );
  await vi.waitFor(() => expect(calls).toEqual([{ input: { n: 7 } }]));
  await cloud.close();
  calls.length = 0;
  // As a crash between the end of an execution and its event would leave it.
  const database = new DatabaseSync(join(folder.path, 'states.sqlite'));
  database.exec(`UPDATE executions SET announced = 0 WHERE name = 'told-1'`);
  database.close();
  cloud = await cloudInProcess(smallStack, folder.path);
  await vi.waitFor(() => expect(calls).toContainEqual({ input: { n: 7 } }));
  await vi.waitFor(() =>
    expect(calls).toContainEqual(expect.objectContaining({ detail: expect.objectContaining({ name: 'told-1' }) })),
  );
  await expect(states.send(new DescribeExecutionCommand({ executionArn }))).resolves.toMatchObject({
    status: 'RUNNING',
    name: 'interrupted',
  });
});

test('a result above what states can hold fails the task', async () => {
  const execution = await ended(one(task({ 'answer.$': "States.Format('{}{}', $.a, $.a)" })), { a: 'x'.repeat(131_070) });
  expect(execution).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
});
