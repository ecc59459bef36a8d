import { badExpression, DAY, HOUR, MINUTE, MONTH, valuesOf, WEEKDAY, YEAR } from './field.ts';
import type { Wall } from './zone.ts';

const DAY_MS = 86_400_000;

/** A day of the wall clock. Weekdays count from 1 for Sunday, as AWS counts them. */
interface Day {
  date: number;
  weekday: number;
  /** Days that its month has. */
  last: number;
}
type DayRule = (day: Day) => boolean;

/** When a six-field cron expression of AWS fires, on the wall clock. */
export interface Calendar {
  minutes: number[];
  hours: number[];
  months: Set<number>;
  years: Set<number> | undefined;
  day: DayRule;
}

/** Reads `minute hour day-of-month month day-of-week year`. Refuses what never comes to be a rule, naming the field. */
export function calendarOf(cron: string): Calendar {
  const [minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = cron.split(' ');
  if ((day === '?') === (weekday === '?')) {
    throw badExpression(
      'One of day of the month and day of the week must be ?, and only one: AWS cron cannot ask for both. Five-field Unix cron can.',
    );
  }
  return {
    minutes: valuesOf(minute, MINUTE),
    hours: valuesOf(hour, HOUR),
    months: new Set(valuesOf(month, MONTH)),
    years: year === '*' ? undefined : new Set(valuesOf(year, YEAR)),
    day: either(day === '?' ? weekday.split(',').map(weekdayRule) : day.split(',').map(dateRule)),
  };
}

const either =
  (rules: DayRule[]): DayRule =>
  (day) =>
    rules.some((rule) => rule(day));

function dateRule(part: string): DayRule {
  if (part === 'L') return ({ date, last }) => date === last;
  if (part === 'LW') return (day) => day.date === nearestWeekday(day.last, day);
  const [, near] = /^(\d{1,2})W$/.exec(part) ?? [];
  if (near === undefined) {
    const dates = new Set(valuesOf(part, DAY));
    return ({ date }) => dates.has(date);
  }
  const [target = 0] = valuesOf(near, DAY);
  return (day) => target <= day.last && day.date === nearestWeekday(target, day);
}

/** Monday to Friday nearest to a date, within its month. */
function nearestWeekday(target: number, { date, weekday, last }: Day): number {
  const on = (((weekday - 1 + target - date) % 7) + 7) % 7;
  if (on === 6) return target === 1 ? 3 : target - 1;
  if (on === 0) return target === last ? target - 2 : target + 1;
  return target;
}

function weekdayRule(part: string): DayRule {
  if (part === 'L') return ({ weekday }) => weekday === 7;
  const [, lastOf] = /^(\w{1,3})L$/.exec(part) ?? [];
  if (lastOf !== undefined) {
    const [wanted] = valuesOf(lastOf, WEEKDAY);
    return ({ date, weekday, last }) => weekday === wanted && date > last - 7;
  }
  const [, nthOf, nth] = /^(\w{1,3})#(\d)$/.exec(part) ?? [];
  if (nthOf === undefined) {
    const days = new Set(valuesOf(part, WEEKDAY));
    return ({ weekday }) => days.has(weekday);
  }
  if (!(Number(nth) >= 1 && Number(nth) <= 5)) throw badExpression(`"${part}" is no day of the week: a month has five at most.`);
  const [wanted] = valuesOf(nthOf, WEEKDAY);
  return ({ date, weekday }) => weekday === wanted && Math.ceil(date / 7) === Number(nth);
}

/** Days from that of `from` on at which one of the calendars fires, each with its times, ascending. */
export function* wallDays(calendars: Calendar[], from: Wall): Generator<Wall[]> {
  const begin = new Date(Math.floor(from / DAY_MS) * DAY_MS);
  for (let year = begin.getUTCFullYear(); year <= YEAR.max; year++) {
    const inYear = calendars.filter(({ years }) => years?.has(year) ?? true);
    for (let month = year === begin.getUTCFullYear() ? begin.getUTCMonth() : 0; inYear.length > 0 && month < 12; month++) {
      const inMonth = inYear.filter(({ months }) => months.has(month + 1));
      if (inMonth.length === 0) continue;
      const first = Date.UTC(year, month, 1);
      const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
      for (let date = 1; date <= last; date++) {
        const midnight = first + (date - 1) * DAY_MS;
        if (midnight < begin.getTime()) continue;
        const day = { date, weekday: ((Math.floor(midnight / DAY_MS) + 4) % 7) + 1, last };
        const on = inMonth.filter((calendar) => calendar.day(day));
        if (on.length > 0) yield timesOf(on, midnight);
      }
    }
  }
}

function timesOf(calendars: Calendar[], midnight: Wall): Wall[] {
  const times = calendars.flatMap(({ hours, minutes }) =>
    hours.flatMap((hour) => minutes.map((minute) => midnight + (hour * 60 + minute) * 60_000)),
  );
  return calendars.length === 1 ? times : [...new Set(times)].sort((a, b) => a - b);
}
