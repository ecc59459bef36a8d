import { type Calendar, calendarOf } from './calendar.ts';
import { badExpression, DAY, DAY_NAMES, type Field, valuesOf } from './field.ts';
import type { Wall } from './zone.ts';

/** What an expression means, whichever way it was written. */
export type Expression =
  | { kind: 'rate'; everyMs: number }
  | { kind: 'at'; wall: Wall }
  /** `crons` are in the notation of AWS; it fires when one of them does. */
  | { kind: 'cron'; crons: string[]; calendars: Calendar[] };

const FORMS =
  'Write rate(5 minutes), at(2026-03-29T09:00:00), a six-field AWS cron such as cron(0 9 ? * MON-FRI *), a five-field Unix cron such as 0 9 * * 1-5, ' +
  'or the words hourly, daily at 09:00, weekly on mon,thu at 17:30.';

/** Reads an expression; throws `invalid` and says what is wrong with it. */
export function parseExpression(text: string): Expression {
  const given = text.trim().replace(/\s+/g, ' ');
  const [, form, inner = ''] = /^(rate|at|cron) ?\( ?(.*?) ?\)$/i.exec(given) ?? [];
  switch (form?.toLowerCase()) {
    case 'rate':
      return rate(inner);
    case 'at':
      return { kind: 'at', wall: wallOf(inner) };
    case 'cron':
      if (inner.split(' ').length !== 6)
        throw badExpression(
          `cron(...) has six fields, this has ${inner.split(' ').length}. Unix cron has five and stands without cron().`,
        );
      return cron([inner]);
  }
  const words = inWords(given.toLowerCase());
  if (words) return cron([words]);
  const fields = given.split(' ');
  if (!/^[\d*?]/.test(given) || (fields.length !== 5 && fields.length !== 6))
    throw badExpression(`"${given.slice(0, 100)}" is no schedule. ${FORMS}`);
  return cron(fields.length === 6 ? [given] : fromUnix(fields));
}

const cron = (crons: string[]): Expression => ({
  kind: 'cron',
  crons: crons.map((one) => one.toUpperCase()),
  calendars: crons.map((one) => calendarOf(one.toUpperCase())),
});

const UNIT_MS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const LONGEST_RATE_MS = 366 * 86_400_000;

function rate(inner: string): Expression {
  const [, count, unit] = /^(\d{1,6}) (minute|hour|day)s?$/i.exec(inner) ?? [];
  const everyMs = Number(count) * (UNIT_MS[unit?.toLowerCase() ?? ''] ?? Number.NaN);
  if (!(everyMs > 0 && everyMs <= LONGEST_RATE_MS))
    throw badExpression(
      `rate(${inner.slice(0, 50)}) is no rate. Write a number of minutes, hours or days, 366 days at most, such as rate(5 minutes).`,
    );
  return { kind: 'rate', everyMs };
}

function wallOf(inner: string): Wall {
  const [, ...fields] = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?$/i.exec(inner) ?? [];
  const [year = 0, month = 0, date = 0, hour = 0, minute = 0, second = 0] = fields.map((field) => Number(field ?? 0));
  const wall = Date.UTC(year, month - 1, date, hour, minute, second);
  const exists =
    fields.length > 0 && new Date(wall).toISOString().startsWith(`${inner.toUpperCase()}${fields[5] === undefined ? ':00' : ''}`);
  if (!exists)
    throw badExpression(`at(${inner.slice(0, 50)}) is no local time. Write it as at(2026-03-29T09:00:00), without a zone.`);
  return wall;
}

/** The AWS cron behind the words, if these are the words. */
function inWords(text: string): string | undefined {
  if (text === 'hourly') return '0 * * * ? *';
  const [, every, days, hour, minute] = /^(daily|weekly on ([a-z, ]+)) at (\d{1,2}):(\d\d)$/.exec(text) ?? [];
  if (every === undefined) return undefined;
  const time = `${Number(minute)} ${Number(hour)}`;
  return days === undefined ? `${time} * * ? *` : `${time} ? * ${days.split(',').map(weekdayNamed).join(',')} *`;
}

const LONG_NAMES = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];

function weekdayNamed(text: string): string {
  const wanted = text.trim().toUpperCase();
  const name = DAY_NAMES.find((short, at) => wanted === short || wanted === LONG_NAMES[at]);
  if (!name)
    throw badExpression(`"${text.trim()}" is no day of the week. Write ${DAY_NAMES.map((day) => day.toLowerCase()).join(', ')}.`);
  return name;
}

const UNIX_WEEKDAY: Field = { name: 'day of the week', min: 0, max: 7, names: [...DAY_NAMES, 'SUN'] };

/**
 * Unix counts weekdays from 0 for Sunday, knows no `?`, and fires when either day field matches if both are restricted: that takes two AWS expressions.
 */
function fromUnix([minute = '', hour = '', day = '', month = '', weekday = '']: string[]): string[] {
  const free = { day: day === '*', weekday: weekday === '*' };
  if (!free.day && !free.weekday && /(^|,)\*/.test(`${day},${weekday}`)) {
    throw badExpression(
      `"${day}" and "${weekday}" together mean different things to different crons. Write the step over a range, such as 1-31/2.`,
    );
  }
  const dates = () => `${minute} ${hour} ${free.day ? '*' : datesOf(day)} ${month} ? *`;
  const weekdays = () => `${minute} ${hour} ? ${month} ${weekdaysOf(weekday)} *`;
  if (free.weekday) return [dates()];
  return free.day ? [weekdays()] : [dates(), weekdays()];
}

/** Refuses what AWS knows beyond Unix, such as L and W. */
const datesOf = (text: string) => valuesOf(text, DAY).join(',');

const weekdaysOf = (text: string) =>
  [...new Set(valuesOf(text, UNIX_WEEKDAY).map((value) => (value % 7) + 1))].sort((a, b) => a - b).join(',');
