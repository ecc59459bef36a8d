import { secondsOf } from '../expression/duration.ts';
import { DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS } from '../kernel/limits.ts';
import { kindOf } from '../step/registry.ts';
import type { Plan } from './plan.ts';

/** The longest that one attempt of a step may take; 0 when no step takes any time of its own. An expression may give all that is allowed. */
export function longestStepSeconds({ steps }: Plan): number {
  const leaves = [...steps.values()].filter(({ step }) => kindOf(step.kind).shape === 'leaf');
  return Math.max(0, ...leaves.map(({ step: { timeout } }) => secondsAtMost(timeout)));
}

/** An Express execution ends after five minutes; the driver hands over between steps, so that only a single long step is too long for it. */
const EXPRESS_STEP_SECONDS = 240;

/** Whether every step fits into the cheaper kind of execution. */
export const fitsExpress = (plan: Plan): boolean => longestStepSeconds(plan) <= EXPRESS_STEP_SECONDS;

function secondsAtMost(timeout: string | undefined): number {
  return timeout === undefined ? DEFAULT_TIMEOUT_SECONDS : (secondsOf(timeout) ?? MAX_TIMEOUT_SECONDS);
}
