import { wallText } from '../../../shared/trigger/schedule/zone.ts';
import { instantIn, wallIn, type Zone } from './zone.ts';

const DAY_TEXT = /^(\d{4})-(\d\d)-(\d\d)$/;

/** The day of an instant where times are shown, such as 2026-03-29. */
export const dayOf = (at: number, zone: Zone): string => wallText(wallIn(zone, at)).slice(0, 10);

/** Its first instant and that of the next day. Where the clock changes in between, it has not 24 hours. */
export function boundsOf(day: string, zone: Zone): { start: number; end: number } {
  return { start: startOf(day, 0, zone), end: startOf(day, 1, zone) };
}

/** The day so many days later, or before. */
export const dayAfter = (day: string, days: number, zone: Zone) => dayOf(startOf(day, days, zone), zone);

export const isDay = (text: string) => DAY_TEXT.test(text);

function startOf(day: string, later: number, zone: Zone): number {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return instantIn(zone, Date.UTC(year, month - 1, date + later));
}
