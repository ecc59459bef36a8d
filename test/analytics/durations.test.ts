import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketOf, quantileOf } from '../../shared/analytics/durations.ts';

const NINETY_DAYS = 90 * 86_400_000;
const counted = (all: number[]) => {
  const buckets = new Map<number, number>();
  for (const ms of all) buckets.set(bucketOf(ms), (buckets.get(bucketOf(ms)) ?? 0) + 1);
  return buckets;
};

test('a quantile of counted durations is within 5 % of the true one, and half a millisecond', () => {
  const durations = fc.array(fc.integer({ min: 1, max: NINETY_DAYS }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(durations, fc.constantFrom(0.5, 0.95, 1), (all, share) => {
      const exact = all.toSorted((a, b) => a - b)[Math.ceil(all.length * share) - 1] ?? 0;
      expect(Math.abs((quantileOf(counted(all), share) ?? 0) - exact)).toBeLessThanOrEqual(exact * 0.05 + 0.5);
    }),
  );
});

test('what took no time, or less, counts as a millisecond', () => {
  for (const ms of [0, -5, 0.3, 1]) expect(bucketOf(ms)).toBe(0);
  expect(bucketOf(Number.MAX_SAFE_INTEGER)).toBe(260);
  expect(bucketOf(NINETY_DAYS)).toBeLessThan(260);
});

test('there is no quantile of nothing', () => expect(quantileOf(new Map(), 0.5)).toBeUndefined());
