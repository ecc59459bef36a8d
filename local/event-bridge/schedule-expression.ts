import { Cron } from 'croner';
import { TemplateRefused } from '../cloudformation/template.ts';

const UNIT_MS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Calls at every time that an EventBridge expression (`rate`, `cron`, `at`) names, until stopped. */
export function onSchedule(expression: string, timezone: string, call: (at: Date) => void): { stop(): void } {
  const [, kind, argument = ''] = /^(rate|cron|at)\((.+)\)$/.exec(expression) ?? [];
  switch (kind) {
    case 'rate': {
      const timer = setInterval(() => call(new Date()), rateMs(argument));
      return { stop: () => clearInterval(timer) };
    }
    case 'cron':
      return new Cron(cronerPattern(argument), { timezone, sloppyRanges: true }, () => call(new Date()));
    case 'at':
      return new Cron(argument, { timezone }, () => call(new Date()));
    default:
      throw new TemplateRefused(`The schedule expression ${expression} is not served`);
  }
}

function rateMs(argument: string): number {
  const [, count, unit] = /^(\d+) (minute|hour|day)s?$/.exec(argument) ?? [];
  const ms = Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  if (!(ms > 0)) throw new TemplateRefused(`rate(${argument}) is not a rate`);
  return ms;
}

/** EventBridge counts the days of the week from 1 for Sunday, has a year at the end and no seconds. */
export function cronerPattern(argument: string): string {
  const [minute, hour, day, month, weekday = '*', year] = argument.trim().split(/\s+/);
  const days = weekday.replace(/(?<![#A-Za-z\d/])(\d)(?=$|[,#L-])/g, (digit) => String(Number(digit) - 1));
  return ['0', minute, hour, day, month, days, year].join(' ').replaceAll('?', '*');
}
