import { expect, test } from 'vitest';
import { scheduleInput } from '../../local/scheduler/input.ts';
import { cronerPattern, nextTime } from '../../local/scheduler/next-time.ts';

const at = Date.parse('2026-03-02T10:00:00Z');
const anInput = (ScheduleExpression: string) =>
  scheduleInput.parse({ ScheduleExpression, FlexibleTimeWindow: { Mode: 'OFF' }, Target: { Arn: 'a', RoleArn: 'r' } });

/** Its times after `at` and within so many milliseconds. */
function timesOf(expression: string, withinMs: number): number {
  const input = anInput(expression);
  const isOnce = expression.startsWith('at(');
  let times = 0;
  for (let next = nextTime(input, at, at); next !== undefined && next <= at + withinMs; next = nextTime(input, at, next)) {
    times += 1;
    if (isOnce) break;
  }
  return times;
}

test.each([
  ['rate(1 minute)', 3 * 60_000, 3],
  ['rate(2 hours)', 5 * 3_600_000, 2],
  ['cron(0/15 * * * ? *)', 3_600_000, 4],
  ['cron(30 10 ? * MON *)', 3_600_000, 1],
  ['at(2026-03-02T11:00:00)', 2 * 3_600_000, 1],
])('%s is due within %i ms so often: %i', (expression, ms, times) => {
  expect(timesOf(expression, ms)).toBe(times);
});

test('days of the week are counted as EventBridge counts them', () => {
  expect(cronerPattern('0 12 ? * 2-6 *')).toBe('0 0 12 * * 1-5 *');
  expect(cronerPattern('0 12 ? * 6#3 2026')).toBe('0 0 12 * * 5#3 2026');
});

test.each(['rate(0 minutes)', 'rate(5 years)', 'every day'])('%s is refused', (expression) => {
  expect(() => nextTime(anInput(expression), at, at)).toThrow(`Invalid Schedule Expression ${expression}`);
});
