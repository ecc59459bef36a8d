import { expect, test } from 'vitest';
import { wait } from '../../shared/step/wait.ts';

const now = new Date('2030-01-01T00:00:00Z');
const until = (value: unknown) => wait.until(wait.resolved.parse(value), now).toISOString();

test.each([
  ['30s', '2030-01-01T00:00:30.000Z'],
  ['5m', '2030-01-01T00:05:00.000Z'],
  ['2h', '2030-01-01T02:00:00.000Z'],
  ['14d', '2030-01-15T00:00:00.000Z'],
  [90, '2030-01-01T00:01:30.000Z'],
  [{ until: '2030-02-01T00:00:00+01:00' }, '2030-01-31T23:00:00.000Z'],
])('%j is over at %s', (value, instant) => {
  expect(until(value)).toBe(instant);
});

test.each(['500ms', '5 m', '', -1, 1e12, null, { until: 'tomorrow' }, { until: '2030-02-01T00:00:00' }, { until: null }])(
  '%j is no time to wait for',
  (value) => {
    expect(wait.resolved.safeParse(value).success).toBe(false);
  },
);

test('may be written as an expression', () => {
  expect(wait.schema.safeParse('${ $input.seconds }').success).toBe(true);
  expect(wait.schema.safeParse({ until: '${ $input.at }' }).success).toBe(true);
  expect(wait.schema.safeParse('soon').success).toBe(false);
});
