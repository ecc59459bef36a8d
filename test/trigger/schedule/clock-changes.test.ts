import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseExpression } from '../../../shared/trigger/schedule/expression.ts';
import {
  type DstRules,
  fires,
  GAP_RULES,
  nextFires,
  OVERLAP_RULES,
  type Timing,
  usualDst,
} from '../../../shared/trigger/schedule/fires.ts';
import { previewOf } from '../../../shared/trigger/schedule/preview.ts';
import { otherFires } from './oracle.ts';

const timing = (expression: string, timezone: string, dst: Partial<DstRules> = {}): Timing => ({
  expression,
  timezone,
  dst: { gap: 'shift', overlap: 'first', ...dst },
  anchor: '2026-01-01T00:00:00.000Z',
});

/** Instants of the fires of one stretch of time, to the minute. */
function firesOf(of: Timing, from: string, to: string): string[] {
  const found: string[] = [];
  for (const { at } of fires(of, Date.parse(from))) {
    if (at >= Date.parse(to)) break;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

interface Change {
  zone: string;
  /** A local time that is left out or comes twice. */
  daily: string;
  from: string;
  to: string;
}

describe.each<Change & { shift: string[]; skip: string[] }>([
  {
    zone: 'Europe/Berlin',
    daily: '02:30',
    from: '2026-03-28T12:00Z',
    to: '2026-03-30T12:00Z',
    shift: ['2026-03-29T01:30', '2026-03-30T00:30'],
    skip: ['2026-03-30T00:30'],
  },
  {
    zone: 'Europe/Berlin',
    daily: '02:00',
    from: '2027-03-27T12:00Z',
    to: '2027-03-29T12:00Z',
    shift: ['2027-03-28T01:00', '2027-03-29T00:00'],
    skip: ['2027-03-29T00:00'],
  },
  {
    zone: 'America/New_York',
    daily: '02:59',
    from: '2026-03-07T12:00Z',
    to: '2026-03-09T12:00Z',
    shift: ['2026-03-08T07:59', '2026-03-09T06:59'],
    skip: ['2026-03-09T06:59'],
  },
  {
    zone: 'America/New_York',
    daily: '02:15',
    from: '2027-03-13T12:00Z',
    to: '2027-03-15T12:00Z',
    shift: ['2027-03-14T07:15', '2027-03-15T06:15'],
    skip: ['2027-03-15T06:15'],
  },
  {
    zone: 'Australia/Lord_Howe',
    daily: '02:15',
    from: '2026-10-03T00:00Z',
    to: '2026-10-05T00:00Z',
    shift: ['2026-10-03T15:45', '2026-10-04T15:15'],
    skip: ['2026-10-04T15:15'],
  },
  {
    zone: 'Australia/Lord_Howe',
    daily: '02:00',
    from: '2027-10-02T00:00Z',
    to: '2027-10-04T00:00Z',
    shift: ['2027-10-02T15:30', '2027-10-03T15:00'],
    skip: ['2027-10-03T15:00'],
  },
  {
    zone: 'Africa/Casablanca',
    daily: '02:30',
    from: '2026-03-21T12:00Z',
    to: '2026-03-23T12:00Z',
    shift: ['2026-03-22T02:30', '2026-03-23T01:30'],
    skip: ['2026-03-23T01:30'],
  },
])('$daily in $zone, which the clock leaves out in $from', ({ zone, daily, from, to, shift, skip }) => {
  test('gap: shift moves it by the gap', () => {
    expect(firesOf(timing(`daily at ${daily}`, zone, { gap: 'shift' }), from, to)).toEqual(shift);
  });
  test('gap: skip leaves it out', () => {
    expect(firesOf(timing(`daily at ${daily}`, zone, { gap: 'skip' }), from, to)).toEqual(skip);
  });
});

describe.each<Change & { first: string; second: string }>([
  {
    zone: 'Europe/Berlin',
    daily: '02:30',
    from: '2026-10-24T12:00Z',
    to: '2026-10-25T12:00Z',
    first: '2026-10-25T00:30',
    second: '2026-10-25T01:30',
  },
  {
    zone: 'Europe/Berlin',
    daily: '02:00',
    from: '2027-10-30T12:00Z',
    to: '2027-10-31T12:00Z',
    first: '2027-10-31T00:00',
    second: '2027-10-31T01:00',
  },
  {
    zone: 'America/New_York',
    daily: '01:30',
    from: '2026-10-31T12:00Z',
    to: '2026-11-01T12:00Z',
    first: '2026-11-01T05:30',
    second: '2026-11-01T06:30',
  },
  {
    zone: 'America/New_York',
    daily: '01:00',
    from: '2027-11-06T12:00Z',
    to: '2027-11-07T12:00Z',
    first: '2027-11-07T05:00',
    second: '2027-11-07T06:00',
  },
  {
    zone: 'Australia/Lord_Howe',
    daily: '01:45',
    from: '2026-04-04T00:00Z',
    to: '2026-04-05T00:00Z',
    first: '2026-04-04T14:45',
    second: '2026-04-04T15:15',
  },
  {
    zone: 'Australia/Lord_Howe',
    daily: '01:30',
    from: '2027-04-03T00:00Z',
    to: '2027-04-04T00:00Z',
    first: '2027-04-03T14:30',
    second: '2027-04-03T15:00',
  },
  {
    zone: 'Africa/Casablanca',
    daily: '02:30',
    from: '2026-02-14T12:00Z',
    to: '2026-02-15T12:00Z',
    first: '2026-02-15T01:30',
    second: '2026-02-15T02:30',
  },
])('$daily in $zone, which comes twice after $from', ({ zone, daily, from, to, first, second }) => {
  test.each([
    ['first', [first]],
    ['second', [second]],
    ['both', [first, second]],
  ] as const)('overlap: %s', (overlap, expected) => {
    expect(firesOf(timing(`daily at ${daily}`, zone, { overlap }), from, to)).toEqual(expected);
  });
});

/** Every change of a zone's clock in 2026 and 2027, as the platform's own database has it. */
function changesOf(zone: string): { at: number; before: number; after: number }[] {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  const offset = (at: number) => Date.parse(`${format.format(at).replace(' ', 'T')}Z`) - at;
  const changes = [];
  const HALF_HOUR = 1_800_000;
  for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2028, 0, 1); at += HALF_HOUR) {
    const [before, after] = [offset(at - HALF_HOUR), offset(at)];
    if (before !== after) changes.push({ at, before, after });
  }
  return changes;
}

// Morocco has announced other changes before and may again: how many it has in these years is for the database to say, what becomes of each is not.
test.each([
  ['Europe/Berlin', 4, 4],
  ['America/New_York', 4, 4],
  ['Australia/Lord_Howe', 4, 4],
  ['Africa/Casablanca', 2, 4],
  ['Asia/Kathmandu', 0, 0],
])('%s: every change of the clock in 2026 and 2027, by every rule', (zone, least, most) => {
  const changes = changesOf(zone);
  expect(changes.length).toBeGreaterThanOrEqual(least);
  expect(changes.length).toBeLessThanOrEqual(most);
  for (const { at, before, after } of changes) {
    const half = Math.abs(after - before) / 2;
    const wall = new Date(at + Math.min(before, after) + half).toISOString().slice(0, 19);
    const firesBy = (dst: Partial<DstRules>) =>
      nextFires(timing(`at(${wall})`, zone, dst), new Date(at - 86_400_000), 5).map((fire) => Number(fire) - at);
    if (after > before) {
      for (const overlap of OVERLAP_RULES) {
        expect(firesBy({ gap: 'skip', overlap })).toEqual([]);
        expect(firesBy({ gap: 'shift', overlap })).toEqual([half]);
      }
    } else {
      for (const gap of GAP_RULES) {
        expect(firesBy({ gap, overlap: 'first' })).toEqual([-half]);
        expect(firesBy({ gap, overlap: 'second' })).toEqual([half]);
        expect(firesBy({ gap, overlap: 'both' })).toEqual([-half, half]);
      }
    }
  }
});

test('a zone without changes has none: Asia/Kathmandu fires at the same instant of every day, a quarter to the hour', () => {
  for (const gap of GAP_RULES)
    for (const overlap of OVERLAP_RULES) {
      const found = firesOf(
        timing('daily at 02:30', 'Asia/Kathmandu', { gap, overlap }),
        '2026-01-01T00:00Z',
        '2028-01-01T00:00Z',
      );
      expect(found).toHaveLength(730);
      expect(new Set(found.map((at) => at.slice(11)))).toEqual(new Set(['20:45']));
    }
});

test('an hourly schedule goes by real time unless it is told otherwise: 24 hours are 24 fires, changes or not', () => {
  const expression = 'hourly';
  const dst = usualDst(parseExpression(expression));
  expect(dst).toEqual({ gap: 'shift', overlap: 'both' });
  for (const day of ['2026-03-29', '2026-10-25', '2026-06-01'])
    expect(firesOf(timing(expression, 'Europe/Berlin', dst), `${day}T00:00Z`, `${day}T23:59Z`)).toHaveLength(24);
  expect(usualDst(parseExpression('daily at 09:00'))).toEqual({ gap: 'shift', overlap: 'first' });
});

test('a rate goes by real time: a day is 24 hours also when the clock changes', () => {
  const found = nextFires(timing('rate(1 day)', 'Europe/Berlin'), new Date('2026-03-27T00:00:00Z'), 4);
  expect(found.map((at) => at.toISOString())).toEqual([
    '2026-03-28T00:00:00.000Z',
    '2026-03-29T00:00:00.000Z',
    '2026-03-30T00:00:00.000Z',
    '2026-03-31T00:00:00.000Z',
  ]);
});

test('the preview marks what a clock change moves, doubles and leaves out', () => {
  const spring = previewOf(timing('daily at 02:30', 'Europe/Berlin'), new Date('2026-03-28T12:00:00Z'), 2);
  expect(spring.items).toMatchObject([
    {
      at: '2026-03-29T01:30:00.000Z',
      local: '2026-03-29T03:30:00',
      offset: '+02:00',
      mark: 'shifted',
      meant: '2026-03-29T02:30:00',
      clockChange: { from: '+01:00', to: '+02:00' },
    },
    { local: '2026-03-30T02:30:00', mark: null, clockChange: null },
  ]);
  const skipped = previewOf(timing('daily at 02:30', 'Europe/Berlin', { gap: 'skip' }), new Date('2026-03-28T12:00:00Z'), 1);
  expect(skipped.leftOut).toEqual([{ local: '2026-03-29T02:30:00', reason: 'gap' }]);
  const autumn = previewOf(timing('daily at 02:30', 'Europe/Berlin', { overlap: 'both' }), new Date('2026-10-24T12:00:00Z'), 2);
  expect(autumn.items.map(({ mark }) => mark)).toEqual(['first', 'second']);
});

describe('days that are not in every month', () => {
  const dates = (expression: string, count: number) =>
    nextFires(timing(expression, 'Europe/Berlin'), new Date('2026-01-01T00:00:00Z'), count).map((at) =>
      at.toISOString().slice(0, 10),
    );

  test.each([
    ['0 12 29 2 *', ['2028-02-29', '2032-02-29', '2036-02-29']],
    ['cron(0 12 L 2 ? *)', ['2026-02-28', '2027-02-28', '2028-02-29']],
    ['0 12 31 * *', ['2026-01-31', '2026-03-31', '2026-05-31', '2026-07-31']],
    ['cron(0 12 L * ? *)', ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30']],
    ['cron(0 12 LW * ? *)', ['2026-01-30', '2026-02-27', '2026-03-31', '2026-04-30', '2026-05-29']],
    ['cron(0 12 1W * ? *)', ['2026-01-01', '2026-02-02', '2026-03-02', '2026-04-01', '2026-05-01']],
    ['cron(0 12 30W * ? *)', ['2026-01-30', '2026-03-30', '2026-04-30', '2026-05-29']],
    ['cron(0 12 ? * 6L *)', ['2026-01-30', '2026-02-27', '2026-03-27']],
    ['cron(0 12 ? * MON#5 *)', ['2026-03-30', '2026-06-29', '2026-08-31']],
    ['cron(0 12 ? * L *)', ['2026-01-03', '2026-01-10']],
    ['cron(0 12 1 1 ? 2028-2030)', ['2028-01-01', '2029-01-01', '2030-01-01']],
  ])('%s', (expression, expected) => {
    expect(dates(expression, expected.length)).toEqual(expected);
  });
});

const zones = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'America/St_Johns',
  'Africa/Cairo',
  'UTC',
];
const list = (from: number, to: number) =>
  fc.uniqueArray(fc.integer({ min: from, max: to }), { minLength: 1, maxLength: 3 }).map((values) => values.join(','));
const field = (from: number, to: number) =>
  fc.oneof(
    fc.constant('*'),
    list(from, to),
    fc
      .tuple(fc.integer({ min: from, max: to }), fc.integer({ min: from, max: to }))
      .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.integer({ min: 2, max: 7 }).map((step) => `*/${step}`),
  );
const unixCron = fc
  .tuple(
    list(0, 59),
    field(0, 23),
    fc.oneof(fc.constant('*'), list(1, 31), field(1, 31)),
    field(1, 12),
    fc.oneof(fc.constant('*'), field(0, 6)),
  )
  .filter(([, , day, , weekday]) => day === '*' || weekday === '*' || !`${day}${weekday}`.includes('*'))
  .map((fields) => fields.join(' '));

test('over two years every Unix cron fires when other libraries say, in every zone and by every rule', () => {
  fc.assert(
    fc.property(
      unixCron,
      fc.constantFrom(...zones),
      fc.constantFrom(...GAP_RULES),
      fc.constantFrom(...OVERLAP_RULES),
      fc.integer({ min: 0, max: 700 }),
      (cron, zone, gap, overlap, skipDays) => {
        const from = new Date(Date.UTC(2026, 0, 1) + skipDays * 86_400_000).toISOString();
        const to = new Date(Date.parse(from) + 40 * 86_400_000).toISOString();
        const ours = firesOf(timing(cron, zone, { gap, overlap }), from, to);
        expect(ours).toEqual(otherFires(cron, zone, { gap, overlap }, from, to).map((at) => at.slice(0, 16)));
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);

test('fires come in order and once each, wherever one begins to list them', () => {
  fc.assert(
    fc.property(
      unixCron,
      fc.constantFrom(...zones),
      fc.constantFrom(...OVERLAP_RULES),
      fc.integer({ min: 0, max: 729 * 86_400 }),
      (cron, zone, overlap, seconds) => {
        const from = Date.UTC(2026, 0, 1) + seconds * 1000;
        const found = nextFires(timing(cron, zone, { overlap }), new Date(from), 20).map(Number);
        expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
        if (found[9] === undefined) return;
        expect(nextFires(timing(cron, zone, { overlap }), new Date(found[9]), 10).map(Number)).toEqual(found.slice(10, 20));
      },
    ),
    { numRuns: 200 },
  );
});
