import type { Plan, PlannedStep } from '../workflow/plan.ts';
import { isDrained, isInFlight } from './control/halt.ts';
import { lineIds, type RunEvent } from './event.ts';
import type { Run } from './run.ts';
import { keyOf, scopeOf } from './scope.ts';
import { standingFailures } from './standing-failures.ts';
import type { Ending } from './status.ts';
import { hasEnded, type StepRow } from './step-row.ts';
import { type Surveyed, survey } from './survey.ts';

/** What befell the steps that were in flight when the run ended otherwise. */
const CANCELLED_BY: Record<Exclude<Ending, 'succeeded'>, { name: string; message: string }> = {
  failed: { name: 'RUN_FAILED', message: 'Another step failed while this one was in flight.' },
  timed_out: { name: 'RUN_TIMED_OUT', message: 'The run reached its timeout while this step was in flight.' },
  cancelled: { name: 'RUN_STOPPED', message: 'The run was stopped while this step was in flight.' },
};

const DRAIN_TIMEOUT = { name: 'DRAIN_TIMEOUT', message: 'The step did not complete before the graceful stop ran out of time.' };
const CANCELLED_BY_GROUP = { name: 'GROUP_FAILED', message: 'Another step of the group failed while this one was in flight.' };

export interface Closing {
  /** Rows to write unless the step has ended meanwhile. */
  rows: StepRow[];
  /** Lines for the steps that never started. */
  blocked: RunEvent[];
}

/**
 * What is left to say of the steps of a run that ends without success. A step that may be in flight without a row gets one,
 * so that its worker finds the door closed: terminal is terminal.
 */
export function closeSteps(
  run: Run,
  plan: Plan,
  rows: ReadonlyMap<string, StepRow>,
  ending: Exclude<Ending, 'succeeded'>,
  now: Date,
): Closing {
  const at = now.toISOString();
  const places = survey(plan, rows);
  // A graceful stop lets what is in flight say so first: what has no row by then has not started.
  const said = run.stop?.mode === 'graceful';
  const open = places.filter((surveyed) => isOpen(surveyed) && !(said && surveyed.row === undefined));
  const blocked = places.filter(({ place }) => place === 'unreached' || (said && place === 'reached'));
  const ids = lineIds(open.length + blocked.length, now, run.id);
  // What a child has in flight is in flight for the step that waits for it.
  const isLate = (row: Partial<StepRow>) => isInFlight(row, now) || (row.status === 'waiting' && isDrained(run, now));
  const cancelledBy = (row: Partial<StepRow>) => (said && isLate(row) ? DRAIN_TIMEOUT : CANCELLED_BY[ending]);

  return {
    rows: closed(open, groupsOfFailures(plan, rows), cancelledBy, { at, ids }),
    blocked: blocked.map(({ planned, scope }, line) => ({
      id: ids[open.length + line] ?? '',
      time: at,
      type: 'step_completed',
      step: planned.id,
      scope,
      message: 'Skipped: the run ended before this step could start.',
      skipped: true,
      reason: 'blocked',
    })),
  };
}

/** The same for a group that has failed while the run goes on: what is in flight inside it, in every item and try. */
export function closeInside(
  run: Run,
  plan: Plan,
  rows: ReadonlyMap<string, StepRow>,
  group: { planned: PlannedStep; scope: string },
  now: Date,
): StepRow[] {
  const open = survey(plan, rows).filter((surveyed) => isOpen(surveyed) && isInside(surveyed, group));
  const ids = lineIds(open.length, now, run.id);
  return closed(open, groupsOfFailures(plan, rows), () => CANCELLED_BY_GROUP, { at: now.toISOString(), ids });
}

/** Whether a step stands in the lists of a group; its handlers stand beside it. */
export function isInside(step: { planned: PlannedStep; scope: string }, group: { planned: PlannedStep; scope: string }): boolean {
  for (let child = step.planned, parent = child.parent; parent; child = parent, parent = parent.parent) {
    if (parent.id === group.planned.id) return !child.list.startsWith('catch') && scopeOf(parent, step.scope) === group.scope;
  }
  return false;
}

function closed(
  open: Surveyed[],
  failedGroups: ReturnType<typeof groupsOfFailures>,
  cancelledBy: (row: Partial<StepRow>) => { name: string; message: string },
  { at, ids }: { at: string; ids: string[] },
): StepRow[] {
  return open.map(({ planned, scope, key, row }, line) => {
    const failure = failedGroups.get(key);
    const error = failure ?? cancelledBy(row ?? {});
    const id = ids[line] ?? '';
    const type = failure ? 'step_failed' : 'step_cancelled';
    const status = failure ? 'failed' : 'cancelled';
    const said: RunEvent = { id, time: at, type, step: planned.id, scope, message: `${error.name}: ${error.message}` };
    return { ...(row ?? { key, id: planned.id, scope, failures: 0 }), status, endedAt: at, error, logId: id, events: [said] };
  });
}

const isOpen = ({ place, row }: Surveyed) => (row ? !hasEnded(row) : place === 'reached' || place === 'queued');

/** Groups fail with the step inside them that failed for good. */
function groupsOfFailures(plan: Plan, rows: ReadonlyMap<string, StepRow>): Map<string, NonNullable<StepRow['error']>> {
  const groups = new Map<string, NonNullable<StepRow['error']>>();
  for (const row of standingFailures(plan, rows)) {
    if (!row.error) continue;
    for (let group = plan.steps.get(row.id)?.parent; group; group = group.parent) {
      groups.set(keyOf(group, row.scope), { ...row.error, step: row.error.step ?? row.id });
    }
  }
  return groups;
}
