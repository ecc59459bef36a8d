import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand, StartSyncExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { SfnExecutions } from '../../shared/run/store/executions.sfn.ts';

// The embedded cloud answers as AWS does; what AWS refuses, and how long it takes, is played here.
const sfn = mockClient(SFNClient);
const executions = new SfnExecutions(() => new SFNClient({}), { express: () => 'arn:short', standard: () => 'arn:long' });
const ref = { run: 'r', execution: 2 };
const input = '{"run":"r","execution":2,"turn":0}';

beforeEach(() => sfn.reset());
afterAll(() => sfn.restore());

test('a run is driven by an execution of the machine that fits, and the execution hears what to drive', async () => {
  sfn.on(StartExecutionCommand).resolves({});
  await executions.start('express', 'r-2', ref);
  await executions.start('standard', 'r-2', ref, 5_000);
  expect(sfn.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input)).toEqual([
    { stateMachineArn: 'arn:short', name: 'r-2', input },
    { stateMachineArn: 'arn:long', name: 'r-2', input },
  ]);
});

test('an execution that was started before is the one that was asked for', async () => {
  sfn.on(StartExecutionCommand).rejects(new ExecutionAlreadyExists({ message: 'there', $metadata: {} }));
  await executions.start('standard', 'r-2', ref);
  sfn.on(StartExecutionCommand).rejects(Object.assign(new Error('slow'), { name: 'ThrottlingException' }));
  await expect(executions.start('standard', 'r-2', ref)).rejects.toThrow('slow');
});

test('who waits hears when the execution has ended, or when the time is over', async () => {
  sfn.on(StartSyncExecutionCommand).resolves({ status: 'SUCCEEDED' });
  await executions.start('express', 'r-2', ref, 60_000);
  expect(sfn.commandCalls(StartSyncExecutionCommand)[0]?.args[0].input).toEqual({
    stateMachineArn: 'arn:short',
    name: 'r-2',
    input,
  });
  sfn.on(StartSyncExecutionCommand).callsFake(() => new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 60)));
  await executions.start('express', 'r-2', ref, 10);
  // What fails later is nobody's any more.
  await new Promise((resolve) => setTimeout(resolve, 80));
  sfn.on(StartSyncExecutionCommand).rejects(new Error('refused'));
  await expect(executions.start('express', 'r-2', ref, 60_000)).rejects.toThrow('refused');
});
