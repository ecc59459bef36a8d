import { secondsOf } from '../../expression/duration.ts';
import { jitterMs, LATE_AFTER_MS } from './decisions.ts';
import { fires, nextFires } from './fires.ts';
import { type Schedule, timingOf } from './schedule.ts';

/** How long after its time a fire is looked for. A working Scheduler has it done by then. */
const LOOK_AFTER_MS = 2 * 60_000;
const QUEUE_LOOK_MS = 60_000;
/** Clocks differ: a fire that is so near is due. */
const EARLY_MS = 1000;
/** Lines that one look writes at the most; older missed fires share one. */
const MOST_LINES = 500;

/** When the fire with that nominal time comes, with its jitter. */
export function dueTime({ id, jitter }: Schedule, nominal: number): number {
  return nominal + jitterMs(id, nominal, jitter === undefined ? 0 : (secondsOf(jitter) ?? 0));
}

export interface DueFires {
  due: { nominal: number; dueAt: number }[];
  /** Fires before those of `due` that nothing will make up for, too many for a line each. */
  older: { first: number; last: number; count: number } | undefined;
}

/** Expected fires, from the first that the ledger does not know, whose time has come: all of them, or as many as one look deals with. */
export function dueFires(schedule: Schedule, now: number): DueFires {
  const found: DueFires = { due: [], older: undefined };
  if (schedule.next === undefined) return found;
  const lostBefore = now - (schedule.catchUp === 'all' ? windowMs(schedule) : LATE_AFTER_MS);
  for (const { at: nominal } of fires(timingOf(schedule), Date.parse(schedule.next))) {
    const dueAt = dueTime(schedule, nominal);
    const [first] = found.due;
    if (dueAt > now + EARLY_MS) break;
    if (first && found.due.length >= MOST_LINES) {
      if (first.dueAt >= lostBefore) break;
      found.due.shift();
      found.older = { first: found.older?.first ?? first.nominal, last: first.nominal, count: (found.older?.count ?? 0) + 1 };
    }
    found.due.push({ nominal, dueAt });
  }
  return found;
}

export const windowMs = ({ catchUpWindow }: Schedule) => (secondsOf(catchUpWindow) ?? 0) * 1000;

/** The schedule with its next fire behind an instant, and when to look for it. */
export function expecting(schedule: Schedule, after: number): Schedule {
  const [next] = nextFires(timingOf(schedule), new Date(after), 1);
  return { ...schedule, next: next?.toISOString() };
}

/** The schedule with the time at which the reconciler should look. */
export function lookedAfter(schedule: Schedule, now: Date): Schedule {
  const times: number[] = [];
  if (schedule.next !== undefined) times.push(dueTime(schedule, Date.parse(schedule.next)) + LOOK_AFTER_MS);
  if (schedule.queued.length > 0) times.push(now.getTime() + QUEUE_LOOK_MS);
  return { ...schedule, dueAt: times.length > 0 ? new Date(Math.min(...times)).toISOString() : undefined };
}
