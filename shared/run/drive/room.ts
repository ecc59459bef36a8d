import { MAX_RUN_STEPS } from '../../kernel/limits.ts';
import { StepError } from '../../kernel/step-error.ts';
import type { Entry } from '../../step/kind.ts';
import { groupKind } from '../../step/registry.ts';
import type { PlannedStep } from '../../workflow/plan.ts';
import type { RunState } from '../model/state.ts';

/** Throws when a group that is entered so would give the run more steps than it may have. Of loops those of all items count, though none has begun. */
export function checkRoom(
  state: Pick<RunState, 'countAhead' | 'countSteps'>,
  planned: PlannedStep,
  { case: taken, items }: Entry,
): void {
  const lists = [...planned.branches].filter(([name]) => taken === undefined || taken === name);
  const steps = lists.reduce((sum, [, ids]) => sum + ids.length, 0);
  const total = groupKind(planned.step.kind).loops
    ? state.countAhead() + steps * (items?.length ?? 1)
    : state.countSteps().total + steps;
  if (total <= MAX_RUN_STEPS) return;
  throw new StepError(
    'LimitReached',
    `With "${planned.id}" the run would have ${total} steps, at most ${MAX_RUN_STEPS} are allowed. Let runs of another workflow do parts of it.`,
  );
}
