import { describe, expect, test } from 'vitest';
import { bucketed, daysBetween, endOf, hoursTouched } from '../../shared/analytics/hours.ts';
import { rangeOf } from '../../shared/analytics/range.ts';

const hours = (from: string, to: string) => hoursTouched(new Date(from), new Date(to));
const now = new Date('2026-11-28T02:30:00.000Z');

describe('buckets', () => {
  test('a day has 23 hours where the clock is put forward, 25 where it is put back', () => {
    const spring = bucketed(hours('2026-03-28T00:00+01:00', '2026-03-31T00:00+02:00'), 'day', 'Europe/Berlin');
    expect(spring.map(({ start, hours }) => [start, hours.length])).toEqual([
      ['2026-03-27T23:00:00.000Z', 24],
      ['2026-03-28T23:00:00.000Z', 23],
      ['2026-03-29T22:00:00.000Z', 24],
    ]);
    const autumn = bucketed(hours('2026-11-01T00:00-04:00', '2026-11-02T00:00-05:00'), 'day', 'America/New_York');
    expect(autumn.map(({ hours }) => hours.length)).toEqual([25]);
  });

  test('hold every hour of the range once, whatever the zone', () => {
    const range = hours('2026-03-01T00:00Z', '2026-04-01T00:00Z');
    for (const zone of ['UTC', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Chatham', 'Africa/Casablanca']) {
      const all = bucketed(range, 'day', zone).flatMap(({ hours }) => hours);
      expect([all.length, new Set(all).size]).toEqual([31 * 24, 31 * 24]);
    }
    expect(bucketed(range, 'hour', 'UTC')).toHaveLength(31 * 24);
  });
});

describe('a range', () => {
  test('is that of the hours it touches', () => {
    expect(hours('2026-11-28T01:59:59.999Z', '2026-11-28T02:00:00.000Z')).toEqual({ from: '2026-11-28T01', to: '2026-11-28T01' });
    expect(hours('2026-11-28T01:00:00.000Z', '2026-11-28T02:00:00.001Z')).toEqual({ from: '2026-11-28T01', to: '2026-11-28T02' });
    expect(endOf('2026-12-31T23')).toBe('2027-01-01T00:00:00.000Z');
    expect(daysBetween('2026-02-27T23', '2026-03-01T00')).toEqual(['2026-02-27', '2026-02-28', '2026-03-01']);
  });

  test('is the last seven days unless it says', () => {
    expect(rangeOf({}, now)).toEqual({ from: '2026-11-21T02', to: '2026-11-28T02' });
    expect(rangeOf({ from: '2026-11-28T00:00:00+02:00' }, now)).toEqual({ from: '2026-11-27T22', to: '2026-11-28T02' });
    expect(rangeOf({ from: '2026-11-28T01:00:00Z', to: '9999-12-31T23:59:59-14:00' }, now).to).toBe('2026-11-28T02');
  });

  test.each([
    ['empty', { from: '2026-11-01T00:00:00Z', to: '2026-11-01T00:00:00Z' }],
    ['the wrong way round', { from: '2026-11-02T00:00:00Z', to: '2026-11-01T00:00:00Z' }],
    ['still to come', { from: '2027-01-01T00:00:00Z' }],
    ['too long', { from: '2026-01-01T00:00:00Z' }],
    ['before all time', { from: '0000-01-01T00:00:00+14:00', to: '0001-01-01T00:00:00Z' }],
  ])('that is %s is refused', (_, range) => expect(() => rangeOf(range, now)).toThrow(/from/));
});
