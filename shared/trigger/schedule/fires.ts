import { type Calendar, wallDays } from './calendar.ts';
import { type Expression, parseExpression } from './expression.ts';
import { knownZone, type Wall, type Zone } from './zone.ts';

const HOUR_MS = 3_600_000;
/** No clock change moves a fire further. */
const MARGIN_MS = 3 * HOUR_MS;

export const GAP_RULES = ['skip', 'shift'] as const;
export const OVERLAP_RULES = ['first', 'second', 'both'] as const;

/** What becomes of a time that a clock change leaves out, and of one that comes twice. */
export interface DstRules {
  gap: (typeof GAP_RULES)[number];
  overlap: (typeof OVERLAP_RULES)[number];
}

/** All that says when a schedule fires. Times are ISO 8601, UTC. */
export interface Timing {
  expression: string;
  timezone: string;
  dst: DstRules;
  /** What a rate counts from, unless it has a start. */
  anchor: string;
  startAt?: string | undefined;
  endAt?: string | undefined;
}

/** A time at which a schedule fires, or would if a clock change did not leave it out. Milliseconds. */
export interface Fire {
  at: number;
  /** What the wall clock was meant to show. */
  wall: Wall;
  /** How a clock change touched it. */
  mark?: 'shifted' | 'first' | 'second' | 'gap' | undefined;
  leftOut: boolean;
}

/** Fires from an instant on, ascending, those left out by a clock change among them. It is endless where the expression is. */
export function* candidates(timing: Timing, fromMs: number): Generator<Fire> {
  const start = timing.startAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(timing.startAt);
  const end = timing.endAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(timing.endAt);
  for (const fire of unbounded(timing, Math.max(fromMs, start))) {
    if (fire.at > end) return;
    yield fire;
  }
}

/** Fires from an instant on, ascending, without those left out. */
export function* fires(timing: Timing, fromMs: number): Generator<Fire> {
  for (const fire of candidates(timing, fromMs)) if (!fire.leftOut) yield fire;
}

/** The next fires after an instant. */
export function nextFires(timing: Timing, after: Date, count: number): Date[] {
  const found: Date[] = [];
  for (const { at } of fires(timing, after.getTime() + 1)) {
    if (found.push(new Date(at)) >= count) break;
  }
  return found;
}

/** The fires expected between two instants, both included. */
export function* firesBetween(timing: Timing, fromMs: number, toMs: number): Generator<Fire> {
  for (const fire of fires(timing, fromMs)) {
    if (fire.at > toMs) return;
    yield fire;
  }
}

/** An expression that names every hour goes by real time: what it says is true of an hour that comes twice, both times. */
export function usualDst(expression: Expression): DstRules {
  const everyHour = expression.kind === 'cron' && expression.calendars.every(({ hours }) => hours.length === 24);
  return { gap: 'shift', overlap: everyHour ? 'both' : 'first' };
}

function unbounded(timing: Timing, fromMs: number): Generator<Fire> {
  const expression = parseExpression(timing.expression);
  const zone = knownZone(timing.timezone);
  if (expression.kind === 'rate') return rateFires(timing, expression.everyMs, zone, fromMs);
  if (expression.kind === 'cron') return calendarFires(expression.calendars, zone, timing.dst, fromMs);
  return onceFires(expression.wall, zone, timing.dst, fromMs);
}

function* rateFires({ startAt, anchor }: Timing, everyMs: number, zone: Zone, fromMs: number): Generator<Fire> {
  const origin = Math.ceil(Date.parse(startAt ?? anchor) / 1000) * 1000;
  const first = Math.max(startAt === undefined ? 1 : 0, Math.ceil((fromMs - origin) / everyMs));
  for (let at = origin + first * everyMs; at <= LAST_MS; at += everyMs) yield { at, wall: zone.wallAt(at), leftOut: false };
}

/** As far as AWS cron goes. */
const LAST_MS = Date.UTC(2200, 0, 1) - 1;

function* onceFires(wall: Wall, zone: Zone, dst: DstRules, fromMs: number): Generator<Fire> {
  for (const fire of firesAt(wall, zone, dst)) if (fire.at >= fromMs) yield fire;
}

/** Clock changes put fires out of the order of their wall times: those of a day wait until the next day can bring none before them. */
function* calendarFires(calendars: Calendar[], zone: Zone, dst: DstRules, fromMs: number): Generator<Fire> {
  let waiting: Fire[] = [];
  for (const times of wallDays(calendars, zone.wallAt(fromMs) - MARGIN_MS)) {
    const [first = 0] = times;
    const safe = first - zone.offsetAt(first) - MARGIN_MS;
    const ready = waiting.filter(({ at }) => at < safe);
    yield* ready;
    const coming = times.flatMap((wall) => firesAt(wall, zone, dst)).filter(({ at }) => at >= fromMs);
    waiting = unique([...waiting.slice(ready.length), ...coming]);
  }
  yield* waiting;
}

/** Two fires at one instant are one: an hourly fire and the one shifted onto it. */
function unique(given: Fire[]): Fire[] {
  const sorted = given.toSorted((a, b) => a.at - b.at || Number(a.leftOut) - Number(b.leftOut) || b.wall - a.wall);
  return sorted.filter((fire, at) => fire.leftOut || sorted[at - 1]?.at !== fire.at || sorted[at - 1]?.leftOut);
}

function firesAt(wall: Wall, zone: Zone, { gap, overlap }: DstRules): Fire[] {
  const lies = zone.find(wall);
  switch (lies.kind) {
    case 'once':
      return [{ at: lies.at, wall, leftOut: false }];
    case 'gap':
      return [{ at: lies.shifted, wall, mark: gap === 'shift' ? 'shifted' : 'gap', leftOut: gap === 'skip' }];
    case 'twice':
      return [
        { at: lies.first, wall, mark: 'first', leftOut: overlap === 'second' },
        { at: lies.second, wall, mark: 'second', leftOut: overlap === 'first' },
      ];
  }
}
