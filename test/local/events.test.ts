import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { compilePattern } from '../../local/events/pattern.ts';
import { cronerPattern, onSchedule } from '../../local/events/schedule-expression.ts';

beforeEach(() => vi.useFakeTimers({ now: new Date('2026-03-02T10:00:00Z') }));
afterEach(() => vi.useRealTimers());

const event = { source: 'aws.states', detail: { status: 'FAILED', name: 'run-1', tags: ['a', 'b'], none: null } };

test.each([
  [{}, true],
  [{ source: ['aws.states', 'other'] }, true],
  [{ source: ['other'] }, false],
  [{ detail: { status: ['FAILED'], name: [{ prefix: 'run-' }] } }, true],
  [{ detail: { name: [{ prefix: 'x' }] } }, false],
  [{ detail: { name: [{ suffix: '-1' }] } }, true],
  [{ detail: { name: [{ wildcard: 'r*-?' }] } }, false],
  [{ detail: { name: [{ wildcard: 'r*1' }] } }, true],
  [{ detail: { name: [{ 'equals-ignore-case': 'RUN-1' }] } }, true],
  [{ detail: { name: [{ 'anything-but': ['run-1'] }] } }, false],
  [{ detail: { name: [{ 'anything-but': { prefix: 'walk' } }] } }, true],
  [{ detail: { tags: ['b'] } }, true],
  [{ detail: { none: [null] } }, true],
  [{ detail: { missing: [{ exists: false }] } }, true],
  [{ detail: { name: [{ exists: false }] } }, false],
  [{ missing: { deep: ['x'] } }, false],
])('the pattern %j accepts it: %s', (pattern, accepted) => {
  expect(compilePattern(pattern)(event)).toBe(accepted);
});

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
