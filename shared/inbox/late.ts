import type { Run } from '../run/model/run.ts';

/** Why somebody should look at a live run. */
export const LATE = ['not_started', 'unattended', 'near_deadline'] as const;
export type Late = (typeof LATE)[number];

/** No run is late before that: whoever should look at it comes once a minute. */
export const YOUNG_MS = 120_000;
/** When the sweeper's own alarm goes off. */
const UNATTENDED_MS = 300_000;
/** The part of a run's time in which it is near its deadline, and the most that is. */
const LAST_PART = 0.1;
const LAST_MS = 86_400_000;

/** Whether a live run is stuck or late: it has not begun, nobody has looked after it, or its time is nearly over. */
export function lateness(run: Pick<Run, 'status' | 'createdAt' | 'dueAt' | 'deadline'>, now: Date): Late | undefined {
  const nowMs = now.getTime();
  const createdMs = Date.parse(run.createdAt);
  if (nowMs - createdMs < YOUNG_MS) return undefined;
  if (run.status === 'pending') return 'not_started';
  if (run.dueAt !== undefined && nowMs - Date.parse(run.dueAt) > UNATTENDED_MS) return 'unattended';
  const deadlineMs = Date.parse(run.deadline);
  return deadlineMs - nowMs < Math.min(LAST_MS, (deadlineMs - createdMs) * LAST_PART) ? 'near_deadline' : undefined;
}
