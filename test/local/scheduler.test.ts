import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  GetScheduleCommand,
  ListSchedulesCommand,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Cloud } from '../../local/cloud.ts';
import { Stack } from '../../local/cloudformation/stack.ts';
import { declaredFunctions } from '../../local/lambda/declared.ts';
import { EventQueue } from '../../local/lambda/event-queue.ts';
import { Functions } from '../../local/lambda/functions.ts';
import { Queues } from '../../local/sqs/queues.ts';
import { noUsage } from '../../local/usage/usage.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { deadLetters, sqs } from '../harness/dead-letters.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { calls } from './functions/echo.ts';
import { smallStack, smallTemplate } from './small-stack.ts';

const arnOf = (service: string, resource: string) => `arn:aws:${service}:us-east-1:000000000000:${resource}`;

const frail = (Properties: object) => ({
  Type: 'AWS::Lambda::Function',
  Properties: { Handler: 'index.handler', ...Properties },
  Metadata: { 'millrun:entry': 'echo.ts' },
});
const queue = (QueueName: string) => ({ Type: 'AWS::SQS::Queue', Properties: { QueueName, MessageRetentionPeriod: 1_209_600 } });
const every = (Name: string, ScheduleExpression: string) => ({
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    Name,
    ScheduleExpression,
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: { 'Fn::GetAtt': ['Echo', 'Arn'] },
      RoleArn: 'any',
      RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 3 },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['Undelivered', 'Arn'] } },
    },
  },
});

/** A function that is called once and one that is called three times, both with a dead-letter queue. */
const resources = {
  Undelivered: queue('undelivered'),
  Unhandled: queue('unhandled'),
  Once: frail({ FunctionName: 'once', DeadLetterConfig: { TargetArn: { 'Fn::GetAtt': ['Unhandled', 'Arn'] } } }),
  OnceConfig: {
    Type: 'AWS::Lambda::EventInvokeConfig',
    Properties: { FunctionName: { Ref: 'Once' }, Qualifier: '$LATEST', MaximumRetryAttempts: 0 },
  },
  Thrice: frail({ FunctionName: 'thrice', DeadLetterConfig: { TargetArn: { 'Fn::GetAtt': ['Unhandled', 'Arn'] } } }),
  Daily: every('daily', 'rate(1 day)'),
};
const stackOf = (more: Record<string, unknown>) => ({ ...smallStack, template: async () => smallTemplate(more) });

const failing = (n: string) => ({ fail: { name: 'Broken', message: `no ${n}` }, n });
const calledWith = (n: string) => calls.filter((call) => Object(call).n === n).length;

const folder = temporaryFolder();
const stack = stackOf({ ...resources, Hourly: every('hourly', 'rate(1 hour)') });
let cloud: Cloud;
beforeAll(async () => {
  cloud = await cloudInProcess(stack, folder.path);
});
afterAll(async () => {
  await cloud?.close();
  folder.remove();
});

const client = () => new SchedulerClient({ maxAttempts: 1 });
const create = (Name: string, target: object, more: Partial<CreateScheduleCommandInput> = {}) =>
  client().send(
    new CreateScheduleCommand({
      Name,
      ScheduleExpression: 'at(2020-01-01T00:00:00)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: arnOf('lambda', 'function:once'), RoleArn: arnOf('iam', 'role/r'), ...target },
      ...more,
    }),
  );

/** The dead letters of a queue, once there are any. */
const lettersIn = (name: string) =>
  vi.waitUntil(
    async () => {
      const found = await deadLetters(cloud, name);
      return found.length > 0 && found;
    },
    { timeout: 10_000 },
  );

const DeadLetterConfig = { Arn: arnOf('sqs', 'undelivered') };

test('schedules of the template and those made at run time are seen side by side', async () => {
  await create('mine', {}, { ScheduleExpression: 'rate(5 minutes)' });
  const { Schedules } = await client().send(new ListSchedulesCommand({}));
  expect(Schedules?.map(({ Name }) => Name)).toEqual(['daily', 'hourly', 'mine']);
  expect(await client().send(new GetScheduleCommand({ Name: 'hourly' }))).toMatchObject({
    ScheduleExpression: 'rate(1 hour)',
    Target: { RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 3 }, DeadLetterConfig },
  });
});

test('what a function does not handle is in the dead-letter queue of the function, with the reason, until it is deleted', async () => {
  await create('fails', { Input: JSON.stringify(failing('fails')), DeadLetterConfig });
  const [letter] = await lettersIn('unhandled');
  expect(letter).toMatchObject({
    Body: JSON.stringify(failing('fails')),
    MessageAttributes: {
      ErrorCode: { DataType: 'Number', StringValue: '200' },
      ErrorMessage: { DataType: 'String', StringValue: 'no fails' },
    },
  });
  expect(calledWith('fails')).toBe(1);
  expect(await deadLetters(cloud, 'undelivered')).toEqual([]);

  const QueueUrl = 'https://sqs.us-east-1.amazonaws.com/000000000000/unhandled';
  await sqs(cloud, 'DeleteMessage', { QueueUrl, ReceiptHandle: letter?.ReceiptHandle });
  expect(await deadLetters(cloud, 'unhandled')).toEqual([]);
});

test('what cannot be handed over is tried again as the retry policy says', async () => {
  const scheduled = join(folder.path, 'scheduled');
  rmSync(scheduled, { recursive: true });
  await create('never', { Input: '{"n":"never"}', DeadLetterConfig, RetryPolicy: { MaximumRetryAttempts: 0 } });
  await create('later', { Input: '{"n":"later","try":"<aws.scheduler.attempt-number>"}', DeadLetterConfig });
  const letters = await lettersIn('undelivered');
  expect(letters).toMatchObject([
    {
      Body: '{"n":"never"}',
      MessageAttributes: {
        ERROR_CODE: { StringValue: 'InternalServerException' },
        EXHAUSTED_RETRY_CONDITION: { StringValue: 'MaximumRetryAttempts' },
        RETRY_ATTEMPTS: { StringValue: '0' },
        SCHEDULED_TIME: { StringValue: '2020-01-01T00:00:00Z' },
        SCHEDULE_ARN: { StringValue: arnOf('scheduler', 'schedule/default/never') },
        TARGET_ARN: { StringValue: arnOf('lambda', 'function:once') },
      },
    },
  ]);
  mkdirSync(scheduled);
  await vi.waitUntil(() => calledWith('later') === 1, { timeout: 10_000 });
  expect(calls).toContainEqual({ n: 'later', try: '2' });
  const QueueUrl = 'https://sqs.us-east-1.amazonaws.com/000000000000/undelivered';
  await sqs(cloud, 'PurgeQueue', { QueueUrl });
  expect(await deadLetters(cloud, 'undelivered')).toEqual([]);
});

test.each([
  [
    'a dead-letter queue of elsewhere',
    { DeadLetterConfig: { Arn: arnOf('sqs', 'elsewhere') } },
    /DeadLetterConfig.Arn .*elsewhere/,
  ],
  ['more retries than there are', { RetryPolicy: { MaximumRetryAttempts: 186 } }, /MaximumRetryAttempts/],
  ['parameters of another target', { SqsParameters: { MessageGroupId: 'a' } }, /Target: .*SqsParameters/],
])('%s is refused by name', async (_, target, message) => {
  await expect(create('refused', target)).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringMatching(message),
  });
});

test('an unknown queue is refused by name', async () => {
  const answer = await sqs(cloud, 'ReceiveMessage', { QueueUrl: 'https://sqs/elsewhere' });
  expect(answer).toMatchObject({ status: 400, body: { __type: 'com.amazonaws.sqs#QueueDoesNotExist' } });
});

test('an event that was being handled when the process ended is handled by the next one', async () => {
  await create('cut', { Input: '{"n":"cut","hang":true}' });
  await vi.waitUntil(() => calledWith('cut') === 1);
  await cloud.close();
  cloud = await cloudInProcess(stack, folder.path);
  await vi.waitUntil(() => calledWith('cut') > 1);
  expect(calledWith('cut')).toBe(2);
});

test('a new template makes, changes and deletes its schedules as a deployment does; a target that is gone is not asked again', async () => {
  const before = await client().send(new GetScheduleCommand({ Name: 'daily' }));
  await create('orphan', { Input: '{"n":"orphan"}', DeadLetterConfig }, { ScheduleExpression: `at(${inSeconds(2)})` });
  await cloud.close();
  const { Once: _, OnceConfig: __, ...rest } = resources;
  cloud = await cloudInProcess(stackOf({ ...rest, Weekly: every('weekly', 'rate(7 days)') }), folder.path);

  const { Schedules } = await client().send(new ListSchedulesCommand({}));
  expect(Schedules?.map(({ Name }) => Name)).toEqual(expect.arrayContaining(['daily', 'mine', 'weekly']));
  expect(Schedules?.map(({ Name }) => Name)).not.toContain('hourly');
  const after = await client().send(new GetScheduleCommand({ Name: 'daily' }));
  expect([after.CreationDate, after.LastModificationDate]).toEqual([before.CreationDate, before.LastModificationDate]);
  const letters = await lettersIn('undelivered');
  expect(letters).toMatchObject([
    { Body: '{"n":"orphan"}', MessageAttributes: { ERROR_CODE: { StringValue: 'ResourceNotFoundException' } } },
  ]);
  expect(letters[0]?.MessageAttributes).not.toHaveProperty('EXHAUSTED_RETRY_CONDITION');
});

const inSeconds = (n: number) => new Date(Date.now() + n * 1000).toISOString().slice(0, 19);

describe('an event that its function does not handle', () => {
  const own = temporaryFolder();
  const path = join(own.path, 'sqs.sqlite');
  const small = new Stack(smallTemplate(resources));
  const functions = new Functions(
    declaredFunctions(small, (name) => arnOf('lambda', `function:${name}`)),
    { root: smallStack.root, usage: noUsage() },
  );
  let queues: Queues;
  let events: EventQueue;
  beforeAll(async () => {
    await functions.load();
    queues = new Queues(small, path);
    events = new EventQueue(join(own.path, 'events'), { functions, queues, atOnce: 1 });
    events.start();
  });
  /** What is told of each try, right before the next is waited for. */
  const told = vi.spyOn(console, 'error');
  const failsTry = async (n: number) => {
    await vi.waitUntil(() => told.mock.calls.some(([message]) => String(message).includes(`(try ${n})`)));
    told.mockClear();
  };
  beforeEach(() => {
    queues.operations['PurgeQueue']?.({ QueueUrl: 'https://sqs/unhandled' });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    told.mockReset();
  });
  afterEach(() => vi.useRealTimers());
  afterAll(() => {
    events.close();
    queues.close();
    own.remove();
  });

  const letters = () => {
    const received = queues.operations['ReceiveMessage']?.({
      QueueUrl: 'https://sqs/unhandled',
      VisibilityTimeout: 0,
      MaxNumberOfMessages: 10,
    });
    return Object(received).Messages;
  };

  test('is sent again after one minute and after two, and is a dead letter then', async () => {
    await events.add('a', arnOf('lambda', 'function:thrice'), failing('thrice'));
    for (const [tries, waitMs] of [
      [1, 55_000],
      [2, 115_000],
    ] as const) {
      await failsTry(tries);
      await vi.advanceTimersByTimeAsync(waitMs);
      expect(calledWith('thrice')).toBe(tries);
      await vi.advanceTimersByTimeAsync(5000);
    }
    await vi.waitUntil(() => letters().length === 1);
    expect(letters()).toMatchObject([{ Body: JSON.stringify(failing('thrice')) }]);
    expect(calledWith('thrice')).toBe(3);
  });

  test('is kept until the dead-letter queue can take it', async () => {
    const database = new DatabaseSync(path);
    database.exec('ALTER TABLE messages RENAME TO elsewhere');
    await events.add('b', arnOf('lambda', 'function:once'), failing('kept'));
    await failsTry(1);
    await vi.advanceTimersByTimeAsync(1);
    await failsTry(2);
    database.exec('ALTER TABLE elsewhere RENAME TO messages');
    database.close();
    await vi.advanceTimersByTimeAsync(120_000);
    await vi.waitUntil(() => letters().length > 0);
    expect(letters()).toMatchObject([{ Body: JSON.stringify(failing('kept')) }]);
    expect(calledWith('kept')).toBe(1);
  });
});
