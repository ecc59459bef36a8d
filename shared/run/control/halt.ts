import type { Run } from '../run.ts';
import { isTerminal } from '../status.ts';
import type { StepRow } from '../step-row.ts';

/** Whether the run is on its way to a halt that lets steps complete, or has come to one. */
export const isHalting = (run: Run) => run.pause !== undefined || run.stop?.mode === 'graceful';

/** Whether it still has to come to its halt. */
export const isMoving = (run: Run) => !isTerminal(run.status) && run.status !== 'paused';

/** A graceful stop that has taken too long. */
export const isDrained = ({ status, stop }: Run, now: Date) =>
  !isTerminal(status) && stop?.until !== undefined && stop.until <= now.toISOString();

/** Whether a worker may still be at it. Groups, waits and questions are not in flight, they only stand open. */
export const isInFlight = (row: Partial<StepRow>, now: Date) =>
  row.status === 'running' && row.heldUntil !== undefined && row.heldUntil > now.toISOString();

/** When the sweeper looks at a run that comes to a halt, in case that nobody else does. */
const LATEST_LOOK_MS = 30_000;

export const nextLookAtHalt = (now: Date, until?: string): string => {
  const look = new Date(now.getTime() + LATEST_LOOK_MS).toISOString();
  return until !== undefined && until < look ? until : look;
};
