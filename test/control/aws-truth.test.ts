import {
  InvalidToken,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StopExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { SfnWalks } from '../../shared/aws/sfn.ts';
import { failureFrom } from '../../shared/run/work/caught.ts';
import { workMessage } from '../../shared/run/work/message.ts';
import { compile } from '../../shared/workflow/compile.ts';
import { aPlan } from '../builders.ts';

/** What docs/decisions/006 says of Step Functions, as far as a test can hold it. */
const { machine } = compile(
  aPlan(`
  - {id: a, http: {method: GET, url: 'https://x.example'}, timeout: 5s, retry: {attempts: 3}, catch: [{on: [HttpServerError], steps: [{id: h, set: {}}]}]}
  - {id: c, run: {workflow: other}, retry: {attempts: 2}}
  - {id: d, run: {workflow: other, wait: false}}
  - {id: w, wait: 1s}
  - {id: each, forEach: {in: '\${ [1] }', as: n, steps: [{id: e, run: {workflow: other}}]}, retry: {attempts: 2}, catch: [{steps: [{id: m, set: {}}]}]}
  - {id: both, parallel: {x: [{id: x, set: {}}], y: [{id: y, switch: [{when: '\${ true }', steps: [{id: z, set: {}}]}]}]}}`),
  { workerArn: 'arn:aws:lambda:us-east-1:000000000000:function:worker:live' },
);

const state = z.looseObject({ Type: z.string(), Resource: z.string().optional(), TimeoutSeconds: z.number().optional() });
type State = z.infer<typeof state>;
const machineShape = z.looseObject({ States: z.record(z.string(), z.unknown()) });

function statesOf(part: unknown): [string, State][] {
  return Object.entries(machineShape.parse(part).States).flatMap(([name, value]) => {
    const one = state.parse(value);
    const inner = [one['Branches'], one['ItemProcessor']].flat().filter((branch) => branch !== undefined);
    return [[name, one] as [string, State], ...inner.flatMap(statesOf)];
  });
}

describe('the state machine relies on nothing that Step Functions does otherwise', () => {
  const states = statesOf(machine);
  const tasks = states.filter(([, { Type }]) => Type === 'Task');

  test('every task and the machine have a time limit: by default there is none', () => {
    expect(tasks.length).toBeGreaterThan(10);
    expect(tasks.filter(([, { TimeoutSeconds }]) => TimeoutSeconds === undefined)).toEqual([]);
    expect(z.looseObject({ TimeoutSeconds: z.number() }).parse(machine).TimeoutSeconds).toBeGreaterThan(0);
  });

  test('nothing is read from the cause of a failure: there it is the JSON text of what the function threw', () => {
    expect(JSON.stringify(machine)).not.toMatch(/Cause/);
    const thrown = JSON.stringify({ errorMessage: 'x', errorType: 'Bad', trace: [] });
    for (const error of [{ Error: 'Bad' }, { Error: 'Bad', Cause: thrown }, { Error: 'Bad', Cause: 'plain' }]) {
      const run = { id: 'R', workflow: 'W', definition: 'D', walk: 1 };
      expect(workMessage.safeParse({ op: 'fail', error, run, scope: '' }).success).toBe(true);
      expect(workMessage.safeParse({ op: 'caught', step: 'a', handler: 0, error, run, scope: '' }).success).toBe(true);
      expect(failureFrom(error, 'a')).toEqual(failureFrom({ Error: 'Bad' }, 'a'));
    }
  });

  test('only tasks that wait for a token ask for one, and nobody looks into it', () => {
    const waiting = tasks.filter(([, { Resource }]) => Resource?.endsWith('.waitForTaskToken'));
    expect(waiting.map(([name]) => name).sort()).toEqual(['c', 'e']);
    for (const [name, one] of tasks)
      expect(JSON.stringify(one).includes('$$.Task.Token'), name).toBe(waiting.some(([other]) => other === name));
    const run = { id: 'R', workflow: 'W', definition: 'D', walk: 1 };
    for (const token of ['short', 'A'.repeat(2048), 'AAAAKgAAAAIAAAAA+/=='])
      expect(workMessage.parse({ op: 'call', step: 'c', token, run, scope: '' })).toMatchObject({ token });
  });

  test('control names are caught by no handler of the document', () => {
    let handlers = 0;
    for (const [name, one] of states) {
      const catchers = z
        .array(z.object({ ErrorEquals: z.array(z.string()), Next: z.string() }))
        .default([])
        .parse(one['Catch']);
      for (const { ErrorEquals, Next } of catchers.filter(({ Next }) => Next !== 'run.fail'))
        if (!/fail/.test(Next)) {
          handlers += 1;
          expect(
            ErrorEquals.filter((error) => ['RunParked', 'RunEnded', 'States.ALL', 'States.TaskFailed'].includes(error)),
            `${name} -> ${Next}`,
          ).toEqual([]);
        }
    }
    expect(handlers).toBeGreaterThan(0);
  });
});

describe('answers and stops', () => {
  const client = new SFNClient({ region: 'us-east-1' });
  const mock = mockClient(client);
  const walks = new SfnWalks(() => client);

  test('an answer that nobody waits for any more is of no matter, under any of the names that this has', async () => {
    for (const gone of [TaskTimedOut, TaskDoesNotExist, InvalidToken]) {
      const error = new gone({ message: 'gone', $metadata: {} });
      mock.on(SendTaskSuccessCommand).rejects(error).on(SendTaskFailureCommand).rejects(error);
      await expect(walks.answer('token')).resolves.toBeUndefined();
      await expect(walks.answer('token', 'ChildRunFailed')).resolves.toBeUndefined();
    }
    mock.on(SendTaskSuccessCommand).rejects(new Error('throttled'));
    await expect(walks.answer('token')).rejects.toThrow('throttled');
  });

  test('the execution of a version is stopped under the name of its machine', async () => {
    mock.on(StopExecutionCommand).resolves({});
    await walks.stop('arn:aws:states:us-east-1:1:stateMachine:millrun-W:7', 'R-2', 'RUN_STOPPED');
    expect(mock.commandCalls(StopExecutionCommand)[0]?.args[0].input).toMatchObject({
      executionArn: 'arn:aws:states:us-east-1:1:execution:millrun-W:R-2',
    });
  });
});
