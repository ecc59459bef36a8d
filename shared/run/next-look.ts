import type { Run } from './run.ts';

const FIRST_LOOK_MS = 5 * 60_000;
const LONGEST_LOOK_MS = 6 * 60 * 60_000;

/** When the sweeper should look at a live run again: the older it is the less often, but not later than its deadline. */
export function nextLook(run: Pick<Run, 'createdAt' | 'deadline'>, now: Date): string {
  const age = now.getTime() - Date.parse(run.createdAt);
  const look = now.getTime() + Math.min(Math.max(age / 4, FIRST_LOOK_MS), LONGEST_LOOK_MS);
  const deadline = Date.parse(run.deadline);
  return new Date(deadline > now.getTime() ? Math.min(look, deadline) : look).toISOString();
}
