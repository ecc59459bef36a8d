import { describe, expect, test } from 'vitest';
import type { Retrier } from '../../local/step-functions/definition.ts';
import { retryOf } from '../../local/step-functions/retry.ts';

const retrier = (change: Partial<Retrier> = {}): Retrier => ({
  ErrorEquals: ['States.ALL'],
  IntervalSeconds: 1,
  BackoffRate: 2,
  MaxAttempts: 5,
  JitterStrategy: 'NONE',
  ...change,
});
const delays = (one: Retrier, random = 1) => [0, 1, 2, 3, 4, 5].map((tries) => retryOf([one], 'Any', [tries], random)?.delayMs);

test('every wait is longer than the one before by the rate, up to the longest, as often as is said', () => {
  expect(delays(retrier())).toEqual([1000, 2000, 4000, 8000, 16_000, undefined]);
  expect(delays(retrier({ MaxDelaySeconds: 5 }))).toEqual([1000, 2000, 4000, 5000, 5000, undefined]);
});

test('with full jitter it is anything between nothing and that', () => {
  expect(delays(retrier({ JitterStrategy: 'FULL' }), 0.25)).toEqual([250, 500, 1000, 2000, 4000, undefined]);
  expect(delays(retrier({ JitterStrategy: 'FULL' }), 0)[4]).toBe(0);
  expect(delays(retrier({ JitterStrategy: 'NONE' }), 0)[0]).toBe(1000);
});

test('each retrier counts for itself, and the first that matches is asked', () => {
  const two = [retrier({ ErrorEquals: ['Busy'], MaxAttempts: 1 }), retrier({ IntervalSeconds: 3 })];
  expect(retryOf(two, 'Busy', [], 1)).toEqual({ delayMs: 1000, used: [1, 0] });
  expect(retryOf(two, 'Other', [1, 0], 1)).toEqual({ delayMs: 3000, used: [1, 1] });
  expect(retryOf(two, 'Busy', [1, 1], 1)).toBeUndefined();
});

describe('what would be the same again', () => {
  test.each(['States.DataLimitExceeded', 'States.Runtime'])('%s is not tried again by States.ALL', (error) => {
    expect(retryOf([retrier()], error, [], 1)).toBeUndefined();
    expect(retryOf([retrier()], 'Lambda.TooManyRequestsException', [], 1)).toBeDefined();
  });
});
