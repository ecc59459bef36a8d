import { expect, test } from 'vitest';
import { installed, plain } from './installed.ts';

const { ofType } = installed();

test('one function hears of rows and of entries that are appended, at once, in the order of each run', () => {
  const [mapping, ...more] = ofType('AWS::Lambda::EventSourceMapping');
  expect(more).toEqual([]);
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
