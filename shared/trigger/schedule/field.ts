import { Problem } from '../../kernel/problem.ts';

/** One field of a cron expression: its name in words, its range, and the names its values have. */
export interface Field {
  name: string;
  min: number;
  max: number;
  /** Names by value, from `min` on. */
  names?: readonly string[];
}

const MONTH_NAMES = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] as const;
export const DAY_NAMES = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;

export const MINUTE: Field = { name: 'minute', min: 0, max: 59 };
export const HOUR: Field = { name: 'hour', min: 0, max: 23 };
export const DAY: Field = { name: 'day of the month', min: 1, max: 31 };
export const MONTH: Field = { name: 'month', min: 1, max: 12, names: MONTH_NAMES };
export const WEEKDAY: Field = { name: 'day of the week', min: 1, max: 7, names: DAY_NAMES };
export const YEAR: Field = { name: 'year', min: 1970, max: 2199 };

export const badExpression = (message: string) => new Problem('invalid', message, [{ name: 'expression', value: message }]);

/** The values that a list of numbers, names, ranges and steps means, ascending. */
export function valuesOf(text: string, field: Field): number[] {
  return [...new Set(text.split(',').flatMap((part) => valuesOfPart(part, field)))].sort((a, b) => a - b);
}

function valuesOfPart(part: string, field: Field): number[] {
  const [, range = '', step] = /^([^/]+)(?:\/(\d{1,4}))?$/.exec(part) ?? [];
  const [from, to] = boundsOf(range, field, step !== undefined, part);
  const by = step === undefined ? 1 : Number(step);
  if (by < 1) throw badField(part, field, 'a step must be at least 1');
  if (from > to) throw badField(part, field, 'the range runs backwards; write it as two');
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, at) => from + at * by);
}

function boundsOf(range: string, field: Field, stepped: boolean, part: string): [number, number] {
  if (range === '*') return [field.min, field.max];
  const [from, to, ...more] = range.split('-');
  if (from === undefined || more.length > 0) throw badField(part, field);
  const first = numberOf(from, field, part);
  if (to === undefined) return [first, stepped ? field.max : first];
  const last = numberOf(to, field, part);
  // Where a name stands at both ends, as Sunday does in Unix cron, a range to it goes to the second.
  const again = field.min + (field.names?.lastIndexOf(to.toUpperCase()) ?? -1);
  return [first, last < first && again > first ? again : last];
}

function numberOf(text: string, field: Field, part: string): number {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return field.min + named;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= field.min && value <= field.max)) throw badField(part, field);
  return value;
}

function badField(part: string, { name, min, max, names }: Field, why?: string): Error {
  const range = `${min} to ${max}${names ? ` or ${names[0]} to ${names.at(-1)}` : ''}`;
  return badExpression(`"${part}" is no ${name}: ${why ?? `it must be ${range}, *, a range, a step or a list of these`}.`);
}
