import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Cloud } from '../../local/cloud.ts';
import { Stack } from '../../local/cloudformation/stack.ts';
import { fits, parsePattern } from '../../local/lambda/event-pattern.ts';
import { declaredMappings } from '../../local/lambda/event-source-mappings.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { deadLetters } from '../harness/dead-letters.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { behaviour, heard } from './functions/listen.ts';
import { smallStack, smallTemplate } from './small-stack.ts';

const mapping = (properties: object = {}) => ({
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: {
    FunctionName: { Ref: 'Listen' },
    EventSourceArn: { 'Fn::GetAtt': ['Things', 'StreamArn'] },
    StartingPosition: 'TRIM_HORIZON',
    ParallelizationFactor: 2,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: 1,
    FilterCriteria: {
      Filters: [{ Pattern: '{"eventName":["INSERT","MODIFY"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"k"}]}}}}' }],
    },
    DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Given', 'Arn'] } } },
    ...properties,
  },
});
const base = smallTemplate().Resources.Things;
const streamed = (Mapping: object) => ({
  Things: { ...base, Properties: { ...base.Properties, StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' } } },
  Given: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'given' } },
  Listen: {
    Type: 'AWS::Lambda::Function',
    Properties: { FunctionName: 'listen', Handler: 'index.handler' },
    Metadata: { 'millrun:entry': 'listen.ts' },
  },
  Mapping,
});
const stack = { ...smallStack, template: async () => smallTemplate(streamed(mapping())) };

const folder = temporaryFolder();
let cloud: Cloud | undefined;
beforeEach(async () => {
  heard.length = 0;
  behaviour.answer = () => undefined;
  cloud = await cloudInProcess(stack, folder.path);
});
afterEach(() => cloud?.close());
afterAll(() => folder.remove());

const put = (pk: string, n = '') =>
  new DynamoDBClient({}).send(new PutItemCommand({ TableName: 'things', Item: { pk: { S: pk }, ...(n && { n: { S: n } }) } }));
const all = () => heard.flat();
const of = (key: string) => all().filter((name) => name.startsWith(key));

test('what is written is heard at once, in the order of each key, and nothing that filters keep out', async () => {
  const start = performance.now();
  await put('k-first');
  await vi.waitUntil(() => all().includes('k-first'), { interval: 1 });
  expect(performance.now() - start).toBeLessThan(200);

  for (let n = 0; n < 20; n++) await Promise.all(['ka', 'kb', 'other'].map((key) => put(key, String(n))));
  await vi.waitUntil(() => all().includes('ka19') && all().includes('kb19'));
  const inOrder = (key: string) => Array.from({ length: 20 }, (_, n) => key + n);
  expect([of('ka'), of('kb'), of('other')]).toEqual([inOrder('ka'), inOrder('kb'), []]);
});

test('a batch is told again from the record on that has failed, and nothing of its key overtakes it', async () => {
  let refused = false;
  behaviour.answer = (names, numbers) => {
    const at = names.indexOf('kp1');
    if (refused || at < 0) return undefined;
    refused = true;
    return { batchItemFailures: [{ itemIdentifier: numbers[at] }] };
  };
  for (const n of ['0', '1', '2']) await put('kp', n);
  await vi.waitUntil(() => of('kp').includes('kp2') && of('kp').filter((name) => name === 'kp1').length === 2);
  expect(of('kp').filter((name) => name === 'kp0')).toHaveLength(1);
  expect(of('kp').lastIndexOf('kp2')).toBeGreaterThan(of('kp').lastIndexOf('kp1'));
});

test('a record that always fails is found by halving, given up after its retries, and the queue is told where it stands', async () => {
  behaviour.answer = (names) => {
    if (names.includes('kbad')) throw new Error('as asked');
  };
  await Promise.all([put('kbad'), put('kgood'), put('kfine'), put('kother')]);
  const letters = await vi.waitUntil(
    async () => {
      const found = await deadLetters(cloud as Cloud, 'given');
      return found.length > 0 && found;
    },
    { timeout: 5000 },
  );
  const bodies = letters.map(({ Body }) => JSON.parse(Body));
  expect(bodies).toMatchObject([
    {
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
      DDBStreamBatchInfo: { batchSize: 1, streamArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/things/stream/1' },
    },
  ]);
  await vi.waitUntil(() => ['kgood', 'kfine', 'kother'].every((name) => all().includes(name)));
});

test('a restart goes on where it was: what has been dealt with is not heard again, what has not is', async () => {
  behaviour.answer = (names) => {
    if (names.includes('klate')) throw new Error('as asked');
  };
  await put('kdone');
  await vi.waitUntil(() => all().includes('kdone'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await put('klate');
  await vi.waitUntil(() => all().includes('klate'));
  await cloud?.close();

  heard.length = 0;
  behaviour.answer = () => undefined;
  cloud = await cloudInProcess(stack, folder.path);
  await vi.waitUntil(() => all().includes('klate'));
  expect(all()).toEqual(['klate']);
});

test('records that have been dealt with do not stay on the disk', async () => {
  for (let n = 0; n < 30; n++) await put('k', String(n));
  const database = new DatabaseSync(join(folder.path, 'dynamodb.sqlite'), { readOnly: true });
  const left = () => Number(database.prepare('SELECT count(*) AS n FROM _stream_records').get()?.['n']);
  await vi.waitUntil(() => left() <= 2, { timeout: 5000 });
  expect(left()).toBeGreaterThan(0);
  database.close();
});

test.each([
  ['StartingPosition', { StartingPosition: 'LATEST' }],
  ['MaximumBatchingWindowInSeconds', { MaximumBatchingWindowInSeconds: 301 }],
  ['TumblingWindowInSeconds', { TumblingWindowInSeconds: 5 }],
  ['is no stream of a table of this stack', { EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/jobs' }],
  ['is no function of this stack', { FunctionName: 'nobody' }],
  ['texts and prefixes are served', { FilterCriteria: { Filters: [{ Pattern: '{"eventName":[{"exists":true}]}' }] } }],
  ['is no queue of this stack', { DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:x' } } }],
])('what is not served is refused by name: %s', (message, properties) => {
  const asked = new Stack(smallTemplate(streamed(mapping(properties))));
  expect(() => declaredMappings(asked, (name) => name === 'listen')).toThrow(message);
});

test('a filter holds what it names and leaves the rest alone', () => {
  const pattern = parsePattern('Mapping', '{"a":{"b":["x",{"prefix":"y-"}]},"c":[null]}');
  expect(fits({ a: { b: 'x', more: 1 }, c: null }, pattern)).toBe(true);
  expect(fits({ a: { b: 'y-1' }, c: null }, pattern)).toBe(true);
  expect(fits({ a: { b: 'y' }, c: null }, pattern)).toBe(false);
  expect(fits({ a: 1, c: null }, pattern)).toBe(false);
  expect(fits({ a: { b: 'x' } }, pattern)).toBe(false);
});
