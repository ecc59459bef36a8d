import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Problem } from '../../../shared/kernel/problem.ts';
import { checkTiming } from '../../../shared/trigger/schedule/check-timing.ts';
import { parseExpression } from '../../../shared/trigger/schedule/expression.ts';
import { nextFires, type Timing } from '../../../shared/trigger/schedule/fires.ts';

const now = new Date('2026-06-01T00:00:00Z');
const timing = (of: Partial<Timing>): Timing => ({
  expression: 'hourly',
  timezone: 'UTC',
  dst: { gap: 'shift', overlap: 'first' },
  anchor: now.toISOString(),
  ...of,
});
const cronsOf = (text: string) => {
  const expression = parseExpression(text);
  return expression.kind === 'cron' ? expression.crons : [];
};
const refusalOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem && error.kind === 'invalid') return error.message;
    throw error;
  }
  return 'not refused';
};

describe('translation to AWS cron', () => {
  test.each([
    ['0 9 * * 1-5', ['0 9 ? * 2,3,4,5,6 *']],
    ['0 9 * * 0', ['0 9 ? * 1 *']],
    ['0 9 * * 7', ['0 9 ? * 1 *']],
    ['0 9 * * sun,SAT', ['0 9 ? * 1,7 *']],
    ['0 9 * * fri-sun', ['0 9 ? * 1,6,7 *']],
    ['*/15 * * * *', ['*/15 * * * ? *']],
    ['30 4 1,15 * *', ['30 4 1,15 * ? *']],
    ['30 4 1,15 * 5', ['30 4 1,15 * ? *', '30 4 ? * 6 *']],
    ['0 0 1-31/2 * 1', ['0 0 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * ? *', '0 0 ? * 2 *']],
    ['hourly', ['0 * * * ? *']],
    ['daily at 09:00', ['0 9 * * ? *']],
    ['Weekly on Mon, thursday at 17:30', ['30 17 ? * MON,THU *']],
    ['cron(0 9 ? * MON-FRI *)', ['0 9 ? * MON-FRI *']],
    ['0 9 l * ? 2027', ['0 9 L * ? 2027']],
  ])('%s', (text, crons) => {
    expect(cronsOf(text)).toEqual(crons);
  });

  test('a Unix cron with both day fields fires when either holds', () => {
    const found = nextFires(timing({ expression: '0 0 13 * 5' }), now, 5).map((at) => at.toISOString().slice(0, 10));
    expect(found).toEqual(['2026-06-05', '2026-06-12', '2026-06-13', '2026-06-19', '2026-06-26']);
  });
});

describe('refused, with what to write instead', () => {
  test.each([
    ['', /no schedule.*daily at 09:00/],
    ['every day', /no schedule/],
    ['daily', /no schedule/],
    ['daily at 25:00', /"25" is no hour/],
    ['daily at 9:75', /"75" is no minute/],
    ['weekly on funday at 09:00', /"funday" is no day of the week/],
    ['rate(0 minutes)', /no rate/],
    ['rate(5 parsecs)', /no rate/],
    ['rate(-1 hours)', /no rate/],
    ['rate(400 days)', /366 days at most/],
    ['at(tomorrow)', /no local time/],
    ['at(2026-02-30T09:00:00)', /no local time/],
    ['at(2026-12-01T09:00:00Z)', /without a zone/],
    ['60 * * * *', /"60" is no minute/],
    ['* 24 * * *', /"24" is no hour/],
    ['* * 0 * *', /"0" is no day of the month/],
    ['* * * 13 *', /"13" is no month/],
    ['* * * * 8', /"8" is no day of the week/],
    ['*/0 * * * *', /step must be at least 1/],
    ['30-10 * * * *', /runs backwards/],
    ['1-2-3 * * * *', /"1-2-3" is no minute/],
    ['a b c d e', /no schedule/],
    ['* * * *', /no schedule/],
    ['* * * * * * *', /no schedule/],
    ['0 9 L * *', /"L" is no day of the month/],
    ['0 0 */2 * 1', /different crons/],
    ['cron(0 9 * * *)', /six fields, this has 5/],
    ['cron(0 9 * * * *)', /must be \?/],
    ['cron(0 9 ? * ? *)', /must be \?/],
    ['cron(0 9 1 * MON *)', /must be \?/],
    ['cron(0 9 ? * MON#6 *)', /five at most/],
    ['cron(0 9 ? * 0 *)', /"0" is no day of the week/],
    ['cron(0 9 32W * ? *)', /"32" is no day of the month/],
    ['cron(0 9 1 * ? 1969)', /"1969" is no year/],
    [`${'1,'.repeat(5000)}1 * * * *`, /not refused/],
  ])('%.40s', (expression, reason) => {
    expect(refusalOf(() => parseExpression(expression))).toMatch(reason);
  });

  test.each<[string, Partial<Timing>, RegExp]>([
    ['an unknown zone', { timezone: 'Europe/Berln' }, /no time zone "Europe\/Berln"/],
    ['an offset for a zone', { timezone: '+01:00' }, /no time zone/],
    ['a path for a zone', { timezone: '../etc/passwd' }, /no time zone/],
    ['an end before the start', { startAt: '2027-01-02T00:00:00.000Z', endAt: '2027-01-01T00:00:00.000Z' }, /before it starts/],
    ['an end in the past', { endAt: '2026-05-31T00:00:00.000Z' }, /ends in the past/],
    ['30 February', { expression: '0 0 30 2 *' }, /never fires after now/],
    ['31 April', { expression: 'cron(0 0 31 4 ? *)' }, /never fires/],
    ['a year that is over', { expression: 'cron(0 0 1 1 ? 2025)' }, /never fires/],
    ['a time that is over', { expression: 'at(2026-05-31T23:59:59)' }, /never fires/],
    [
      'nothing between start and end',
      { expression: '0 0 1 1 *', startAt: '2026-07-01T00:00:00.000Z', endAt: '2026-08-01T00:00:00.000Z' },
      /never fires between/,
    ],
    [
      'a time in a gap that is skipped',
      { expression: 'at(2027-03-28T02:30:00)', timezone: 'Europe/Berlin', dst: { gap: 'skip', overlap: 'first' } },
      /left out by a change of the clock in Europe\/Berlin/,
    ],
  ])('%s', (_, of, reason) => {
    expect(refusalOf(() => checkTiming(timing(of), now))).toMatch(reason);
  });
});

test('whatever is given is read or refused as invalid, in no time', () => {
  const piece = fc.constantFrom(
    '0',
    '9',
    '*',
    '?',
    '/',
    '-',
    ',',
    'L',
    'W',
    '#',
    'MON',
    'rate',
    'at',
    'cron',
    '(',
    ')',
    ' ',
    'daily',
    'on',
    ':',
    '2026',
    'T',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 60 }),
        fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
      ),
      (text) => {
        expect(typeof refusalOf(() => checkTiming(timing({ expression: text }), now))).toBe('string');
      },
    ),
    { numRuns: 1000 },
  );
});
