import { expect, test } from 'vitest';
import { secondsOf } from '../../shared/expression/duration.ts';

test.each([
  ['30s', 30],
  ['5m', 300],
  ['2h', 7_200],
  ['14d', 1_209_600],
])('%s is %d seconds', (text, seconds) => {
  expect(secondsOf(text)).toBe(seconds);
});

test.each(['', '5', 's', '0s', '-5s', '1.5h', '500ms', '5 m', '5M', '9999999999s', '${ 5 }'])('%j is no duration', (text) => {
  expect(secondsOf(text)).toBeUndefined();
});
