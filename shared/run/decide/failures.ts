import { openCircuitIn } from '../../connection/circuit.ts';
import type { OnError } from '../../step/kind.ts';
import type { Plan, PlannedStep } from '../../workflow/plan.ts';
import type { Entry, Failure } from '../model/entry.ts';
import { handlerOf } from '../model/state.ts';
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
    return asked(planned, step.key, error, now) ?? { type: 'step_failed', at, key: step.key, error };
  const delayMs = Math.max(retryDelayMs(retry, failures, random), askedMs(error.data));
  const dueAt = new Date(now.getTime() + delayMs).toISOString();
  return { type: 'step_retrying', at, key: step.key, error, dueAt };
}

/** The question to a person, when nothing in the document takes the failure. */
function asked(planned: PlannedStep, key: string, error: Failure, now: Date): Entry | undefined {
  const { step } = planned;
  const asks = planned.asks ?? askedByCircuit(planned, error);
  if (!asks || isTaken(planned, error)) return undefined;
  const { assignees, expiresSeconds, remindSeconds } = asks;
  const until = expiresSeconds === undefined ? undefined : new Date(now.getTime() + expiresSeconds * 1000).toISOString();
  return {
    type: 'task_opened',
    at: now.toISOString(),
    key,
    kind: 'exception',
    title: `${step.title ?? step.id}: ${error.name}`,
    assignees,
    error,
    ...(until !== undefined && { until }),
    ...(remindSeconds !== undefined && { remindSeconds }),
  };
}

/** Where the other side is out of order, all runs that meet it wait for a person, unless their document says that they should fail. */
const askedByCircuit = ({ step }: PlannedStep, { data }: Failure): OnError | undefined =>
  openCircuitIn(data) === undefined || step.onError === 'fail' ? undefined : { assignees: [] };

/** Whether a handler takes the failure, or a group around the step is tried again for it. What a handler fails with is not for the step it belongs to. */
function isTaken(planned: PlannedStep, error: Failure): boolean {
  let isInside = true;
  for (let at: PlannedStep | null = planned; at; at = at.parent) {
    const { retry } = at.step;
    if (isInside && handlerOf(at, error) !== undefined) return true;
    if (isInside && at !== planned && retry && retry.attempts > 1 && afterFailure(error.name, 0, retry).kind === 'retry')
      return true;
    isInside = at.place.kind !== 'catch';
  }
  return false;
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
