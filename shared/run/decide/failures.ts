import type { Plan, PlannedStep } from '../../workflow/plan.ts';
import type { Entry, Failure } from '../model/entry.ts';
import type { StepState } from '../model/step-state.ts';
import { afterFailure, askedMs } from './after-failure.ts';

/** What befell the steps that were in flight when something else ended them. */
export const CANCELLED_BY = {
  failed: { name: 'RUN_FAILED', message: 'Another step failed while this one was in flight.' },
  timed_out: { name: 'RUN_TIMED_OUT', message: 'The run reached its timeout while this step was in flight.' },
  cancelled: { name: 'RUN_STOPPED', message: 'The run was stopped while this step was in flight.' },
  drained: { name: 'DRAIN_TIMEOUT', message: 'The step did not complete before the graceful stop ran out of time.' },
  group: { name: 'GROUP_FAILED', message: 'Another step of the group failed while this one was in flight.' },
} as const satisfies Record<string, Failure>;

export const INTERRUPTED: Failure = {
  name: 'StepInterrupted',
  message: 'The step was in flight when its worker stopped, and it says repeatable: false.',
};

/** What a failed attempt of a step, or a failed try of a group, comes to: another one is due, or it has failed for good. `random` is in [0, 1). */
export function failed(
  planned: PlannedStep,
  step: Pick<StepState, 'key' | 'failures'>,
  error: Failure,
  { now, random }: { now: Date; random: () => number },
): Entry {
  const at = now.toISOString();
  const { retry } = planned.step;
  const failures = step.failures + 1;
  if (!retry || afterFailure(error.name, failures, retry).kind === 'fail')
    return { type: 'step_failed', at, key: step.key, error };
  const delayMs = Math.max(retryDelayMs(retry, failures, random), askedMs(error.data));
  const dueAt = new Date(now.getTime() + delayMs).toISOString();
  return { type: 'step_retrying', at, key: step.key, error, dueAt };
}

/** Milliseconds until the next attempt: exponential backoff, with full jitter between nothing and all of it when asked for. */
export function retryDelayMs(
  { delaySeconds, backoff, maxDelaySeconds, jitter }: NonNullable<PlannedStep['step']['retry']>,
  failures: number,
  random: () => number,
): number {
  const grown = delaySeconds * backoff ** (failures - 1);
  const seconds = Math.min(grown, maxDelaySeconds ?? Number.POSITIVE_INFINITY, 365 * 86_400);
  return Math.round(seconds * 1000 * (jitter ? random() : 1));
}

/** Whether a step stands in the lists of a group, or in a handler inside them; the group's own handlers stand beside it. */
export function isInside(plan: Plan, id: string, group: PlannedStep): boolean {
  for (let child = plan.steps.get(id), parent = child?.parent; child && parent; child = parent, parent = parent.parent) {
    if (parent.id === group.id) return child.place.kind === 'branch';
  }
  return false;
}
