import { zoneOf } from '../trigger/schedule/zone.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Whole hours, `YYYY-MM-DDTHH` in UTC, the last one included. */
export interface HourRange {
  from: string;
  to: string;
}

const nameOf = (ms: number) => new Date(ms).toISOString().slice(0, 'YYYY-MM-DDTHH'.length);
const startMs = (hour: string) => Date.parse(`${hour}:00:00.000Z`);

/** The hours that a time from the first instant up to the second touches. */
export const hoursTouched = (from: Date, to: Date): HourRange => ({
  from: nameOf(from.getTime()),
  to: nameOf(Math.max(from.getTime(), to.getTime() - 1)),
});

export const startOf = (hour: string) => `${hour}:00:00.000Z`;
/** The instant at which the last hour is over. */
export const endOf = (hour: string) => new Date(startMs(hour) + HOUR_MS).toISOString();

function hoursBetween({ from, to }: HourRange): string[] {
  const count = Math.round((startMs(to) - startMs(from)) / HOUR_MS) + 1;
  return Array.from({ length: count }, (_, at) => nameOf(startMs(from) + at * HOUR_MS));
}

/** Days in UTC that the hours are in, oldest first. */
export function daysBetween(from: string, to: string): string[] {
  const first = Math.floor(startMs(from) / DAY_MS);
  const last = Math.floor(startMs(to) / DAY_MS);
  return Array.from({ length: last - first + 1 }, (_, at) => nameOf((first + at) * DAY_MS).slice(0, 'YYYY-MM-DD'.length));
}

/** By the hour, or by the day of a place: where a clock is put forward a day has 23 hours, where it is put back 25. */
export type BucketSize = 'hour' | 'day';

/** The hours in buckets, oldest first; a bucket is named by the first of its hours that is asked for. */
export function bucketed(range: HourRange, size: BucketSize, timezone: string): { start: string; hours: string[] }[] {
  const zone = zoneOf(timezone);
  const dayOf = (hour: string) => Math.floor((zone?.wallAt(startMs(hour)) ?? startMs(hour)) / DAY_MS);
  const buckets: { start: string; hours: string[]; day: number }[] = [];
  for (const hour of hoursBetween(range)) {
    const last = buckets.at(-1);
    if (size === 'day' && last?.day === dayOf(hour)) last.hours.push(hour);
    else buckets.push({ start: startOf(hour), hours: [hour], day: dayOf(hour) });
  }
  return buckets.map(({ start, hours }) => ({ start, hours }));
}
