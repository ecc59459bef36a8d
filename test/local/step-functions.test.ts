import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  StateMachineDoesNotExist,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runMachine } from '../../infra/run-machine.ts';
import { readCredential } from '../../local/aws/credential.ts';
import type { Cloud } from '../../local/cloud.ts';
import { Stack } from '../../local/cloudformation/stack.ts';
import { declaredMachines } from '../../local/step-functions/machines.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { calls } from './functions/echo.ts';
import { smallStack, smallTemplate } from './small-stack.ts';

const folder = temporaryFolder();
let cloud: Cloud;
let client: SFNClient;

beforeAll(async () => {
  cloud = await cloudInProcess(smallStack, folder.path, { fastPath: false });
  client = new SFNClient({ maxAttempts: 1 });
});
afterAll(async () => {
  await cloud.close();
  folder.remove();
});
beforeEach(() => {
  calls.length = 0;
});

const arn = 'arn:aws:states:us-east-1:000000000000';
const RUNS = `${arn}:stateMachine:runs`;
const LONG_RUNS = `${arn}:stateMachine:long-runs`;

const inputOf = (turns: object[], more: object = {}) => JSON.stringify({ run: { turns, ...more }, execution: 1, turn: 0 });
const start = (stateMachineArn: string, turns: object[], name?: string) =>
  client.send(new StartExecutionCommand({ stateMachineArn, name, input: inputOf(turns) }));
const sync = (turns: object[], name?: string) =>
  client.send(new StartSyncExecutionCommand({ stateMachineArn: RUNS, name, input: inputOf(turns) }));
const describeOne = (executionArn: string | undefined) => client.send(new DescribeExecutionCommand({ executionArn }));

const endOf = (executionArn: string | undefined) =>
  vi.waitFor(
    async () => {
      const execution = await describeOne(executionArn);
      expect(execution.status).not.toBe('RUNNING');
      return execution;
    },
    { timeout: 10_000, interval: 5 },
  );

const ended = async (turns: object[]) => endOf((await start(LONG_RUNS, turns)).executionArn);

describe('a run', () => {
  test('is done in one call, which hears who calls', async () => {
    const execution = await ended([{ next: 'done' }]);
    expect(execution).toMatchObject({ status: 'SUCCEEDED', input: inputOf([{ next: 'done' }]) });
    expect(calls).toEqual([
      {
        run: { turns: [{ next: 'done' }] },
        execution: 1,
        turn: 0,
        id: execution.executionArn,
        startedAt: execution.startDate?.toISOString(),
        express: false,
      },
    ]);
    expect(JSON.parse(execution.output ?? '')).toEqual({
      next: 'done',
      run: { turns: [{ next: 'done' }] },
      execution: 1,
      turn: 1,
    });
  });

  test('is called again with what the call before has answered', async () => {
    await expect(ended([{ next: 'again' }, { next: 'again' }, { next: 'done' }])).resolves.toMatchObject({ status: 'SUCCEEDED' });
    expect(calls).toMatchObject([{ turn: 0 }, { turn: 1 }, { turn: 2 }]);
  });

  test('that has failed fails its execution, with its error', async () => {
    const failed = await ended([{ next: 'failed', error: 'OutOfStock', cause: 'none left' }]);
    expect(failed).toMatchObject({ status: 'FAILED', error: 'OutOfStock', cause: 'none left' });
  });

  test('sleeps until its time', async () => {
    const until = new Date(Date.now() + 150).toISOString();
    const execution = await ended([{ next: 'sleep', until }, { next: 'done' }]);
    expect(execution.stopDate?.getTime()).toBeGreaterThanOrEqual(Date.parse(until));
    expect(calls).toHaveLength(2);
  });

  test('that sleeps for a year does not wake at once', async () => {
    const until = new Date(Date.now() + 365 * 86_400_000).toISOString();
    const { executionArn } = await start(LONG_RUNS, [{ next: 'sleep', until }]);
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(describeOne(executionArn)).resolves.toMatchObject({ status: 'RUNNING' });
    expect(calls).toHaveLength(1);
    await client.send(new StopExecutionCommand({ executionArn }));
  });

  test('is called again when the worker fails, or takes longer than it may', async () => {
    const [failed, late] = await Promise.all([
      ended([{ next: 'done', fails: 1 }]),
      sync([{ next: 'done', fails: 1, hang: true }]),
    ]);
    expect([failed.status, late.status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(calls).toHaveLength(4);
  });

  test('ends when the worker answers what is no answer, or more than states may hold', async () => {
    await expect(ended([{ next: 'perhaps' }])).resolves.toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
    await expect(ended([{ next: 'sleep' }])).resolves.toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    const tooLarge = await ended([{ next: 'done', padding: 300_000 }]);
    expect(tooLarge).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });
});

describe('Express', () => {
  test('a synchronous start answers when the execution has ended', async () => {
    const done = await sync([{ next: 'again', sleepMs: 100 }, { next: 'done' }], 'run-1');
    expect(done).toMatchObject({ status: 'SUCCEEDED', name: 'run-1', stateMachineArn: RUNS });
    expect(JSON.parse(done.output ?? '')).toMatchObject({ next: 'done', turn: 2 });
    const tookMs = Number(done.stopDate) - Number(done.startDate);
    expect(tookMs).toBeGreaterThanOrEqual(100);
    const begunHundreds = Math.ceil(tookMs / 100);
    expect(done.billingDetails).toEqual({ billedDurationInMilliseconds: begunHundreds * 100, billedMemoryUsedInMB: 64 });
    const failed = await sync([{ next: 'failed', error: 'OutOfStock', cause: 'none left' }]);
    expect(failed).toMatchObject({ status: 'FAILED', error: 'OutOfStock', cause: 'none left' });
    expect(failed.output).toBeUndefined();
  });

  test('the same name runs again, under an ARN of its own that nobody can ask for', async () => {
    const first = await start(RUNS, [{ next: 'done' }], 'twice');
    const second = await start(RUNS, [{ next: 'done' }], 'twice');
    for (const { executionArn } of [first, second]) expect(executionArn).toMatch(`${arn}:express:runs:twice:`);
    expect(first.executionArn).not.toBe(second.executionArn);
    await vi.waitFor(() => expect(calls).toHaveLength(2));
    expect(calls).toMatchObject([{ id: first.executionArn, express: true }, { id: second.executionArn }]);
    await expect(describeOne(first.executionArn)).rejects.toMatchObject({ name: 'InvalidArn' });
    await expect(client.send(new ListExecutionsCommand({ stateMachineArn: RUNS }))).rejects.toMatchObject({
      name: 'StateMachineTypeNotSupported',
    });
  });

  test('there is no synchronous start of a Standard machine', async () => {
    const start = client.send(new StartSyncExecutionCommand({ stateMachineArn: LONG_RUNS }));
    await expect(start).rejects.toMatchObject({ name: 'StateMachineTypeNotSupported' });
  });
});

describe('Standard', () => {
  test('the same name and input start once while the execution goes on, and never again after it', async () => {
    const turns = [{ next: 'done', sleepMs: 100 }];
    const first = await start(LONG_RUNS, turns, 'once');
    await expect(start(LONG_RUNS, turns, 'once')).resolves.toMatchObject({
      executionArn: first.executionArn,
      startDate: first.startDate,
    });
    await expect(start(LONG_RUNS, [], 'once')).rejects.toThrow(ExecutionAlreadyExists);
    await endOf(first.executionArn);
    await expect(start(LONG_RUNS, turns, 'once')).rejects.toThrow(ExecutionAlreadyExists);
    expect(calls).toHaveLength(1);
  });

  test('a stopped execution ends as aborted, and calls nobody any more', async () => {
    const { executionArn } = await start(LONG_RUNS, [{ next: 'again', sleepMs: 50 }, { next: 'done' }]);
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    await client.send(new StopExecutionCommand({ executionArn, error: 'Stop', cause: 'by hand' }));
    await expect(endOf(executionArn)).resolves.toMatchObject({ status: 'ABORTED', error: 'Stop', cause: 'by hand' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(calls).toHaveLength(1);
    await client.send(new StopExecutionCommand({ executionArn }));
    await expect(describeOne(executionArn)).resolves.toMatchObject({ cause: 'by hand' });
  });

  test('lists are paged, newest first', async () => {
    const names: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(new ListExecutionsCommand({ stateMachineArn: LONG_RUNS, maxResults: 2, nextToken }));
      names.push(...(page.executions ?? []).map(({ startDate }) => startDate?.toISOString() ?? ''));
      nextToken = page.nextToken;
    } while (nextToken);
    expect(names.length).toBeGreaterThan(5);
    expect(names).toEqual(names.toSorted().reverse());
    const failed = await client.send(new ListExecutionsCommand({ stateMachineArn: LONG_RUNS, statusFilter: 'ABORTED' }));
    expect(failed.executions?.length).toBeGreaterThan(0);
    for (const { status } of failed.executions ?? []) expect(status).toBe('ABORTED');
  });
});

test('what does not exist is said not to', async () => {
  await expect(start(`${arn}:stateMachine:none`, [])).rejects.toThrow(StateMachineDoesNotExist);
  await expect(start('none', [])).rejects.toMatchObject({ name: 'InvalidArn' });
  await expect(describeOne(`${arn}:execution:long-runs:none`)).rejects.toThrow(ExecutionDoesNotExist);
  const stop = client.send(new StopExecutionCommand({ executionArn: `${arn}:execution:long-runs:none` }));
  await expect(stop).rejects.toThrow(ExecutionDoesNotExist);
  const badInput = client.send(new StartExecutionCommand({ stateMachineArn: RUNS, input: '{' }));
  await expect(badInput).rejects.toMatchObject({ name: 'InvalidExecutionInput' });
  await expect(start(RUNS, [], 'not a name')).rejects.toMatchObject({ name: 'InvalidName' });
});

test('the machines of the stack are listed', async () => {
  const { stateMachines } = await client.send(new ListStateMachinesCommand({}));
  expect(stateMachines).toMatchObject([
    { stateMachineArn: RUNS, name: 'runs', type: 'EXPRESS' },
    { stateMachineArn: LONG_RUNS, name: 'long-runs', type: 'STANDARD' },
  ]);
});

test('Standard is counted by states and retries, Express by executions and their time', async () => {
  const before = cloud.usage();
  await ended([{ next: 'again', fails: 1 }, { next: 'done' }]);
  await sync([{ next: 'done', sleepMs: 120 }]);
  const after = cloud.usage();
  const [was, is] = [before.operations.stepFunctions, after.operations.stepFunctions];
  expect(is.executions - was.executions).toBe(2);
  // Drive, once more, Next, Drive, Next, Done.
  expect(is.transitions - was.transitions).toBe(6);
  expect(is.expressExecutions - was.expressExecutions).toBe(1);
  expect(is.expressGbSeconds - was.expressGbSeconds).toBeCloseTo(0.2 / 16);
  const dollars = after.dollars.stepFunctions - before.dollars.stepFunctions;
  expect(dollars).toBeCloseTo(6 * 0.000025 + 0.000001 + (0.2 / 16) * 0.00001667, 12);
});

test.each([
  ['a kind of state', { States: { Drive: { Type: 'Parallel', Branches: [], Next: 'Next' } } }, /Runs asks.*States\.Drive\.Type/],
  ['a field', { TimeoutSeconds: 5 }, /TimeoutSeconds/],
  ['a target', { StartAt: 'Nowhere' }, /there is no state "Nowhere"/],
  [
    'a comparison',
    { States: { Next: { Type: 'Choice', Choices: [{ Variable: '$.a', IsNull: true, Next: 'Done' }] } } },
    /IsNull/,
  ],
])('%s that the interpreter does not know is refused by name', (_, change, message) => {
  const known = runMachine('arn', { express: true }) as { States: object };
  const DefinitionString = JSON.stringify({
    ...known,
    ...change,
    States: { ...known.States, ...('States' in change && change.States) },
  });
  const Runs = { Type: 'AWS::StepFunctions::StateMachine', Properties: { DefinitionString } };
  expect(() => declaredMachines(new Stack(smallTemplate({ Runs })))).toThrow(message);
});

describe('after kill -9', () => {
  interface Call {
    id: string;
    turn: number;
    at: number;
  }
  const log = join(folder.path, 'calls.jsonl');
  const seen = (): Call[] =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const callsOf = (id: string | undefined) => seen().filter((call) => call.id === id);

  async function smallCloud(dataDir: string) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'small-cloud.ts'), dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(child.stdout), 'line');
    const endpoint = String(line).replace('ready ', '');
    const credentials = readCredential(join(dataDir, 'credentials'));
    const closed = once(child, 'close');
    const kill = () => {
      child.kill('SIGKILL');
      return closed;
    };
    onTestFinished(async () => void (await kill()));
    return { client: new SFNClient({ endpoint, credentials, maxAttempts: 1 }), kill };
  }

  test('executions go on where they stood, as themselves: in a task, between tries, asleep; what has ended stays so', async () => {
    writeFileSync(log, '');
    const data = temporaryFolder();
    onTestFinished(data.remove);
    const before = await smallCloud(data.path);
    const begin = async (stateMachineArn: string, turns: object[]) => {
      const command = new StartExecutionCommand({ stateMachineArn, input: inputOf(turns, { log }) });
      return (await before.client.send(command)).executionArn;
    };
    const until = new Date(Date.now() + 2000).toISOString();
    const done = await begin(LONG_RUNS, [{ next: 'done' }]);
    const asleep = await begin(LONG_RUNS, [{ next: 'again' }, { next: 'sleep', until }, { next: 'done' }]);
    const inTask = await begin(RUNS, [{ next: 'again' }, { next: 'done', sleepMs: 700 }]);
    // Its second try is up to a second away, its third up to two.
    const retried = await begin(RUNS, [{ next: 'done', fails: 3 }]);
    await vi.waitFor(() => {
      expect([done, asleep, inTask, retried].map((id) => callsOf(id).length)).toEqual([1, 2, 2, expect.any(Number)]);
      expect(callsOf(retried).length).toBeGreaterThan(0);
    });
    const triedBefore = callsOf(retried).length;
    await before.kill();
    const { client } = await smallCloud(data.path);

    await vi.waitFor(() => expect(callsOf(asleep)).toHaveLength(3), { timeout: 10_000 });
    expect(callsOf(asleep).map(({ turn }) => turn)).toEqual([0, 1, 2]);
    expect(callsOf(asleep)[2]?.at).toBeGreaterThanOrEqual(Date.parse(until));
    // The task that was cut off is called again, and no turn before it.
    expect(callsOf(inTask).map(({ turn }) => turn)).toEqual([0, 1, 1]);
    await vi.waitFor(() => expect(callsOf(retried).length).toBeGreaterThan(triedBefore), { timeout: 10_000 });
    expect(callsOf(done)).toHaveLength(1);
    await expect(client.send(new DescribeExecutionCommand({ executionArn: done }))).resolves.toMatchObject({
      status: 'SUCCEEDED',
    });
  });
});
