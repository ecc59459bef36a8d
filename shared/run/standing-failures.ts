import type { Plan, PlannedStep } from '../workflow/plan.ts';
import { keyOf, tryIn } from './scope.ts';
import type { StepRow } from './step-row.ts';

/** The failures that nothing has made good, first to last: no handler of the step or around it took them, no other try came after. */
export function standingFailures(plan: Plan, rows: ReadonlyMap<string, StepRow>): StepRow[] {
  const stands = (row: StepRow) => {
    const planned = plan.steps.get(row.id);
    return row.status === 'failed' && row.handler === undefined && planned !== undefined && !isMadeGood(planned, row.scope, rows);
  };
  return [...rows.values()].filter(stands).sort((a, b) => (a.endedAt ?? '').localeCompare(b.endedAt ?? ''));
}

function isMadeGood(planned: PlannedStep, scope: string, rows: ReadonlyMap<string, StepRow>): boolean {
  for (let child = planned, group = planned.parent; group; child = group, group = group.parent) {
    // A handler is inside the step whose failure it took, but its own failure is another one.
    if (child.list.startsWith('catch')) continue;
    const row = rows.get(keyOf(group, scope));
    if (row?.handler !== undefined || (tryIn(scope, group.id) ?? 1) < (row?.tries ?? 1)) return true;
  }
  return false;
}
