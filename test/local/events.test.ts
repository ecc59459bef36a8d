import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cronerPattern, onSchedule } from '../../local/event-bridge/schedule-expression.ts';

beforeEach(() => vi.useFakeTimers({ now: new Date('2026-03-02T10:00:00Z') }));
afterEach(() => vi.useRealTimers());

test.each([
  ['rate(1 minute)', 3 * 60_000, 3],
  ['rate(2 hours)', 5 * 3_600_000, 2],
  ['cron(0/15 * * * ? *)', 3_600_000, 4],
  ['cron(30 10 ? * MON *)', 3_600_000, 1],
  ['at(2026-03-02T11:00:00)', 2 * 3_600_000, 1],
])('%s fires within %i ms so often: %i', async (expression, ms, times) => {
  const call = vi.fn();
  const running = onSchedule(expression, 'UTC', call);
  await vi.advanceTimersByTimeAsync(ms);
  running.stop();
  await vi.advanceTimersByTimeAsync(ms);
  expect(call).toHaveBeenCalledTimes(times);
});

test('days of the week are counted as EventBridge counts them', () => {
  expect(cronerPattern('0 12 ? * 2-6 *')).toBe('0 0 12 * * 1-5 *');
  expect(cronerPattern('0 12 ? * 6#3 2026')).toBe('0 0 12 * * 5#3 2026');
});

test.each(['rate(0 minutes)', 'rate(5 years)', 'every day'])('%s is refused', (expression) => {
  expect(() => onSchedule(expression, 'UTC', () => {})).toThrow(/rate|not served/);
});
