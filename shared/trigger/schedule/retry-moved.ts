import { setTimeout as sleep } from 'node:timers/promises';
import type { Schedules } from './ports.ts';
import type { Schedule } from './schedule.ts';

const TRIES = 25;
const STEP_MS = 10;

/** Somebody else has written the schedule meanwhile. */
export class ScheduleMoved extends Error {
  constructor(id: string) {
    super(`Schedule ${id} was written by somebody else meanwhile.`);
    this.name = 'ScheduleMoved';
  }
}

/** Stores `next`. Throws `ScheduleMoved` when the schedule has changed since `seen` was read: for `retryMoved`. */
export async function replaceSchedule(schedules: Schedules, seen: Schedule, next: Schedule): Promise<void> {
  if (!(await schedules.replace(seen, next))) throw new ScheduleMoved(seen.id);
}

/** Acts again when somebody else has written the schedule meanwhile, each time after a longer random wait, so that many at once all get their turn. */
export async function retryMoved<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof ScheduleMoved) || tries === TRIES) throw error;
    }
    await sleep(Math.random() * STEP_MS * tries);
  }
}
