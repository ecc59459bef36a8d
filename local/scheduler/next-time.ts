import { Cron } from 'croner';
import { AwsError } from '../aws/aws-error.ts';
import type { ScheduleInput } from './input.ts';

const UNIT_MS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** When a schedule is due next after an instant; undefined when it is no more. Milliseconds. */
export function nextTime(schedule: ScheduleInput, createdMs: number, afterMs: number): number | undefined {
  const startMs = schedule.StartDate === undefined ? undefined : schedule.StartDate * 1000;
  const next = timeOf(schedule, startMs ?? createdMs, Math.max(afterMs, (startMs ?? 0) - 1));
  const endMs = schedule.EndDate === undefined ? Number.POSITIVE_INFINITY : schedule.EndDate * 1000;
  return next !== undefined && next <= endMs ? next : undefined;
}

function timeOf({ ScheduleExpression, ScheduleExpressionTimezone: timezone }: ScheduleInput, anchorMs: number, afterMs: number) {
  const [, kind, argument = ''] = /^(rate|cron|at)\((.+)\)$/.exec(ScheduleExpression) ?? [];
  try {
    switch (kind) {
      case 'rate':
        return rateTime(argument, anchorMs, afterMs);
      case 'cron':
        return new Cron(cronerPattern(argument), { timezone, sloppyRanges: true }).nextRun(new Date(afterMs))?.getTime();
      case 'at':
        // Also when it lies in the past: a time that was missed is made up for.
        return new Cron(argument, { timezone }).nextRun(new Date(0))?.getTime() ?? undefined;
    }
  } catch {
    // not an expression: refused below
  }
  throw new AwsError('ValidationException', `Invalid Schedule Expression ${ScheduleExpression}.`);
}

function rateTime(argument: string, anchorMs: number, afterMs: number): number {
  const [, count, unit] = /^(\d+) (minute|hour|day)s?$/.exec(argument) ?? [];
  const everyMs = Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  if (!(everyMs > 0)) throw new Error('no rate');
  return anchorMs + Math.max(0, Math.floor((afterMs - anchorMs) / everyMs) + 1) * everyMs;
}

/** EventBridge counts the days of the week from 1 for Sunday, has a year at the end and no seconds. */
export function cronerPattern(argument: string): string {
  const [minute, hour, day, month, weekday = '*', year] = argument.trim().split(/\s+/);
  const days = weekday.replace(/(?<![#A-Za-z\d/])(\d)(?=$|[,#L-])/g, (digit) => String(Number(digit) - 1));
  return ['0', minute, hour, day, month, days, year].join(' ').replaceAll('?', '*');
}
