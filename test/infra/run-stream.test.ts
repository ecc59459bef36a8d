import { expect, test } from 'vitest';
import * as z from 'zod';
import { installed, plain } from './installed.ts';

const { ofType } = installed();

const mappings = ofType('AWS::Lambda::EventSourceMapping');
const mappingTo = (id: string) => mappings.find(({ Properties }) => plain(Properties['FunctionName']) === id);

test('no more than two functions read from a shard, as DynamoDB advises', () => {
  const streams = mappings
    .map(({ Properties }) => plain(Properties['EventSourceArn']))
    .filter((arn) => arn.endsWith('.StreamArn'));
  const readers = [...Map.groupBy(streams, (arn) => arn)].map(([arn, of]) => [arn, of.length] as const);
  expect(readers).toContainEqual(['StoresRuns.StreamArn', 2]);
  expect(readers.filter(([, count]) => count > 2)).toEqual([]);
});

test('another hears of the ends of runs alone, many at once', () => {
  const { BatchSize, MaximumBatchingWindowInSeconds, FilterCriteria } = mappingTo('RunStreamCount')?.Properties ?? {};
  expect([BatchSize, MaximumBatchingWindowInSeconds]).toEqual([500, 5]);
  const live = ['pending', 'running', 'waiting', 'paused', 'draining'];
  const ended = ['succeeded', 'failed', 'timed_out', 'cancelled', 'skipped'];
  const patterns = z.object({ Filters: z.array(z.object({ Pattern: z.string() })) }).parse(FilterCriteria).Filters;
  expect(patterns.map(({ Pattern }) => JSON.parse(Pattern))).toEqual([
    {
      eventName: ['MODIFY'],
      dynamodb: { Keys: { sk: { S: ['RUN'] } }, OldImage: { status: { S: live } }, NewImage: { status: { S: ended } } },
    },
    { eventName: ['INSERT'], dynamodb: { Keys: { sk: { S: ['RUN'] } }, NewImage: { status: { S: ended } } } },
  ]);
});

test('one function hears of rows and of entries that are appended, at once, in the order of each run', () => {
  const mapping = mappingTo('RunStreamFollow');
  const { EventSourceArn, FunctionName, DestinationConfig, ...rest } = mapping?.Properties ?? {};
  expect([EventSourceArn, FunctionName].map(plain)).toEqual(['StoresRuns.StreamArn', 'RunStreamFollow']);
  expect(plain(Object(DestinationConfig).OnFailure.Destination)).toBe('RunStreamUndelivered.Arn');
  expect(rest).toEqual({
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 200,
    MaximumBatchingWindowInSeconds: 0,
    ParallelizationFactor: 4,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: 100,
    MaximumRecordAgeInSeconds: 21_600,
    FilterCriteria: {
      Filters: [
        { Pattern: '{"dynamodb":{"Keys":{"sk":{"S":["RUN"]}}}}' },
        { Pattern: '{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"J#"}]}}}}' },
      ],
    },
  });
});
