import { createHash } from 'node:crypto';
import type { RunStatus } from '../../run/model/status.ts';
import type { Schedule } from './schedule.ts';

/** A fire is late, and a matter of catching up, after this. Scheduler itself may take a minute, and tries again. */
export const LATE_AFTER_MS = 5 * 60_000;

/** What to do about a fire whose time has come. */
export interface Due {
  nominal: number;
  /** Its time with the jitter of this fire. */
  dueAt: number;
  act: 'start' | 'miss';
}

/**
 * Which of the fires that are due are started. Fires in time always are. Of late ones within the window: none of them, all of them, or the newest of all that
 * are due, which is none when one in time comes after it.
 */
export function catchUp(due: Omit<Due, 'act'>[], now: number, policy: { catchUp: Schedule['catchUp']; windowMs: number }): Due[] {
  return due.map((fire, at) => ({ ...fire, act: wanted(now - fire.dueAt, at === due.length - 1, policy) ? 'start' : 'miss' }));
}

function wanted(lateMs: number, newest: boolean, policy: { catchUp: Schedule['catchUp']; windowMs: number }): boolean {
  if (lateMs <= LATE_AFTER_MS) return true;
  if (lateMs > policy.windowMs || policy.catchUp === 'none') return false;
  return policy.catchUp === 'all' || newest;
}

const MOST_QUEUED = 100;

/** What a fire does while the run before it lives (`busy`) or others wait already. */
export function atOverlap(
  overlap: Schedule['overlap'],
  busy: boolean,
  queued: number,
): 'start' | 'skip' | 'queue' | 'queue_full' | 'stop' {
  if (overlap === 'queue') {
    if (!busy && queued === 0) return 'start';
    return queued >= MOST_QUEUED ? 'queue_full' : 'queue';
  }
  if (!busy || overlap === 'allow') return 'start';
  return overlap === 'skip' ? 'skip' : 'stop';
}

/** Whole seconds that this fire comes later than its nominal time: the same whoever asks, spread evenly. */
export function jitterMs(id: string, nominal: number, mostSeconds: number): number {
  if (mostSeconds <= 0) return 0;
  return (createHash('sha256').update(`${id} ${nominal}`).digest().readUInt32BE(0) % (mostSeconds + 1)) * 1000;
}

/** Failures in a row after a run has ended. Stopped and skipped runs say nothing. */
export function countFailure(failures: number, ended: RunStatus | 'rejected'): number {
  if (ended === 'succeeded') return 0;
  return ended === 'failed' || ended === 'timed_out' || ended === 'rejected' ? failures + 1 : failures;
}

/** Why a schedule that failed so often turns itself off, if it does. */
export function offReason({ stopAfterFailures, failures }: Pick<Schedule, 'stopAfterFailures' | 'failures'>): string | undefined {
  if (stopAfterFailures === undefined || failures < stopAfterFailures) return undefined;
  return `It was turned off after ${failures} ${failures === 1 ? 'failure' : 'failures in a row'}.`;
}
