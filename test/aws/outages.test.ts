import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  ProvisionedThroughputExceededException,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { refusal } from '../../shared/edge/answer.ts';
import type { Entry } from '../../shared/run/model/entry.ts';
import { projection } from '../../shared/run/model/run.ts';
import { DynamoRuns } from '../../shared/run/store/run.dynamo.ts';
import { runItem } from '../../shared/run/store/run-items.dynamo.ts';
import { BucketValues } from '../../shared/run/store/values.s3.ts';
import { aRun } from '../harness/builders.ts';

// What the emulator cannot do: refuse, break off, lose its answers, run two transactions at the same time.
const dynamo = mockClient(DynamoDBClient);
const s3 = mockClient(S3Client);
const patience = { withinMs: 200, random: () => 0.01 };
const runs = new DynamoRuns(() => new DynamoDBClient({}), { table: 'runs', patience });
const key = { workspace: 'acme', hash: 'h', bodyHash: 'b' };

const cancelled = (...codes: string[]) =>
  new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons: codes.map((Code) => ({ Code })) });
const throttle = new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: { httpStatusCode: 400 } });
const refused = (Item?: ReturnType<typeof runItem>) =>
  new ConditionalCheckFailedException({ message: 'no', $metadata: {}, ...(Item && { Item }) });
const passing: [string, Error][] = [
  ['a throttle', throttle],
  ['a fault of the service', Object.assign(new Error('oh'), { name: 'InternalServerError', $metadata: { httpStatusCode: 500 } })],
  ['a lost connection', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })],
  ['an answer that does not come', Object.assign(new Error('late'), { name: 'TimeoutError' })],
  ['a transaction of another', Object.assign(new Error('busy'), { name: 'TransactionConflictException' })],
];

const entries: Entry[] = [
  { type: 'run_started', at: '2026-11-23T08:00:00.000Z' },
  { type: 'step_started', at: '2026-11-23T08:00:00.000Z', key: 'a' },
];

afterAll(() => {
  dynamo.restore();
  s3.restore();
});
beforeEach(() => {
  dynamo.reset();
  s3.reset();
});

describe.each(passing)('%s', (_, error) => {
  test('is waited out, by writes and reads', async () => {
    const run = aRun();
    dynamo.on(PutItemCommand).rejectsOnce(error).rejectsOnce(error).resolves({});
    dynamo
      .on(GetItemCommand)
      .rejectsOnce(error)
      .resolves({ Item: runItem(run) });
    dynamo.on(UpdateItemCommand).rejectsOnce(error).resolves({});
    expect(await runs.append('r', 0, entries, 1, 'writer')).toBe(2);
    expect(await runs.get(run.id)).toEqual(run);
    expect(await runs.project(run, projection.parse(run), {})).toBe(true);
  });

  test('that lasts is the end of patience, and the caller is told when to come again', async () => {
    dynamo.on(PutItemCommand).rejects(error);
    const lost = await runs.create(aRun()).catch((thrown: unknown) => thrown);
    expect(lost).toMatchObject({ name: 'StoreBusy', cause: error });
    expect(refusal(lost, 'id')).toMatchObject({ status: 429, headers: { 'retry-after': expect.any(String) } });
    expect(dynamo.commandCalls(PutItemCommand).length).toBeGreaterThan(3);
  });
});

test('what will not pass is thrown at once', async () => {
  const fault = Object.assign(new Error('no such table'), { name: 'ResourceNotFoundException' });
  dynamo.on(PutItemCommand).rejects(fault);
  await expect(runs.append('r', 0, entries, 1, 'writer')).rejects.toBe(fault);
  expect(dynamo.commandCalls(PutItemCommand)).toHaveLength(1);
});

test('the pauses between two tries grow, by chance, and stay within the time', async () => {
  const times: number[] = [];
  dynamo.on(PutItemCommand).callsFake(() => {
    times.push(performance.now());
    throw throttle;
  });
  const impatient = new DynamoRuns(() => new DynamoDBClient({}), { table: 'runs', patience: { withinMs: 500, random: () => 1 } });
  const before = performance.now();
  await expect(impatient.append('r', 0, entries, 1, 'writer')).rejects.toThrow('busy');
  expect(performance.now() - before).toBeLessThan(700);
  // 25, 50, 100, 200 ms
  expect(times.length).toBeLessThanOrEqual(5);
  expect((times[3] ?? 0) - (times[2] ?? 0)).toBeGreaterThan((times[1] ?? 0) - (times[0] ?? 0));
});

describe('a write whose answer was lost', () => {
  test('and that is refused because of itself has been written', async () => {
    const written: Record<string, unknown>[] = [];
    const hangUp = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    dynamo.on(PutItemCommand).callsFake(({ Item }) => {
      written.push(Item);
      throw written.length % 2 === 1 ? hangUp : refused(Item);
    });
    expect(await runs.append('r', 0, entries, 1, 'writer')).toBe(2);
    expect(await runs.create(aRun())).toEqual({});
    expect(written).toHaveLength(4);
  });

  test('is not taken for the write of another', async () => {
    const other = { ...runItem(aRun()), sk: { S: 'J#0000001' }, entries: { S: JSON.stringify([entries[1]]) } };
    dynamo.on(PutItemCommand).rejects(refused(other));
    expect(await runs.append('r', 0, entries, 1, 'writer')).toBe(0);
  });
});

describe('a start that meets another one under its key', () => {
  const first = { pk: { S: 'START' }, runId: { S: 'first' }, bodyHash: { S: 'b' } };

  test('gets the run of the other when that is written', async () => {
    const reasons = [{ Code: 'ConditionalCheckFailed', Item: first }, { Code: 'None' }];
    dynamo
      .on(TransactWriteItemsCommand)
      .rejectsOnce(cancelled('TransactionConflict', 'None'))
      .rejects(new TransactionCanceledException({ message: 'no', $metadata: {}, CancellationReasons: reasons }));
    expect(await runs.create(aRun(), key)).toEqual({ earlier: { runId: 'first', bodyHash: 'b' } });
  });

  test.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])('goes on after a %s', async (code) => {
    dynamo.on(TransactWriteItemsCommand).rejectsOnce(cancelled(code, 'None')).resolves({});
    expect(await runs.create(aRun(), key)).toEqual({});
  });

  test('does not try for ever, and is told to come again', async () => {
    dynamo.on(TransactWriteItemsCommand).rejects(cancelled('TransactionConflict', 'None'));
    await expect(runs.create(aRun(), key)).rejects.toThrow('busy');
  });
});

test('values wait out a bucket that refuses for a moment', async () => {
  const slow = Object.assign(new Error('slow down'), { name: 'SlowDown', $metadata: { httpStatusCode: 503 } });
  s3.onAnyCommand().rejectsOnce(slow).resolves({});
  const values = new BucketValues(() => new S3Client({}), 'bucket', patience);
  const stored = await values.store('r', 'each[3]/a~2/b.output', 'x'.repeat(10_000));
  expect(stored).toEqual({
    ref: expect.stringMatching(/^runs\/r\/each\[3]\/a~2\/b\.output\.[0-9a-f]{16}\.json$/),
    bytes: 10_002,
  });
  expect(await values.read(stored)).toHaveLength(10_000);
  expect(s3.calls()).toHaveLength(2);
});
