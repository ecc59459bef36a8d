import type { Plan } from '../workflow/plan.ts';
import { lineIds, type RunEvent } from './event.ts';
import type { Run } from './run.ts';
import { keyOf } from './scope.ts';
import type { Ending } from './status.ts';
import { hasEnded, type StepRow } from './step-row.ts';
import { survey } from './survey.ts';

/** What befell the steps that were in flight when the run ended otherwise. */
const CANCELLED_BY: Record<Exclude<Ending, 'succeeded'>, { name: string; message: string }> = {
  failed: { name: 'RUN_FAILED', message: 'Another step failed while this one was in flight.' },
  timed_out: { name: 'RUN_TIMED_OUT', message: 'The run reached its timeout while this step was in flight.' },
  cancelled: { name: 'RUN_STOPPED', message: 'The run was stopped while this step was in flight.' },
};

const DRAIN_TIMEOUT = { name: 'DRAIN_TIMEOUT', message: 'The step did not complete before the graceful stop ran out of time.' };

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
  const unsaid = run.stop?.mode === 'graceful' ? [] : ['reached', 'queued'];
  const open = places.filter(({ place, row }) => (row ? !hasEnded(row) : unsaid.includes(place)));
  const blocked = places.filter(({ place }) => place === 'unreached' || (place === 'reached' && unsaid.length === 0));
  const failedGroups = groupsOfFailures(plan, rows);
  const ids = lineIds(open.length + blocked.length, now, run.id);

  return {
    rows: open.map(({ planned, scope, key, row }, line): StepRow => {
      const failure = failedGroups.get(key);
      const error =
        failure ?? (run.stop?.until !== undefined && row?.heldUntil !== undefined ? DRAIN_TIMEOUT : CANCELLED_BY[ending]);
      const id = ids[line] ?? '';
      const type = failure ? 'step_failed' : 'step_cancelled';
      const status = failure ? 'failed' : 'cancelled';
      const said: RunEvent = { id, time: at, type, step: planned.id, scope, message: `${error.name}: ${error.message}` };
      return { ...(row ?? { key, id: planned.id, scope, failures: 0 }), status, endedAt: at, error, logId: id, events: [said] };
    }),
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

/** Groups fail with the step inside them that failed for good. */
function groupsOfFailures(plan: Plan, rows: ReadonlyMap<string, StepRow>): Map<string, NonNullable<StepRow['error']>> {
  const groups = new Map<string, NonNullable<StepRow['error']>>();
  for (const row of rows.values()) {
    if (row.status !== 'failed' || row.handler !== undefined || !row.error) continue;
    for (let group = plan.steps.get(row.id)?.parent; group; group = group.parent) {
      groups.set(keyOf(group, row.scope), { ...row.error, step: row.error.step ?? row.id });
    }
  }
  return groups;
}
