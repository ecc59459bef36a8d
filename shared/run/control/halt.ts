import type { Run } from '../run.ts';
import { isTerminal } from '../status.ts';
import type { StepRow } from '../step-row.ts';

/** Whether the run is on its way to a halt that lets steps complete. */
export const isHalting = (run: Run) => run.pause !== undefined || run.stop?.mode === 'graceful';

/** A graceful stop that has taken too long. */
export const isDrained = ({ status, stop }: Run, now: Date) =>
  !isTerminal(status) && stop?.until !== undefined && stop.until <= now.toISOString();

/** Whether a worker may still be at it. Groups, waits and questions are not in flight, they only stand open. */
export const isInFlight = (row: StepRow, now: Date) =>
  row.status === 'running' && row.heldUntil !== undefined && row.heldUntil > now.toISOString();
