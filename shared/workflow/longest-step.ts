import { secondsOf } from '../expression/duration.ts';
import { DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS } from '../kernel/limits.ts';
import { kindOf } from '../step/registry.ts';
import type { Plan } from './plan.ts';

/** The longest that one attempt of a step may take; 0 when no step takes any time of its own. An expression may give all that is allowed. */
export function longestStepSeconds({ steps }: Plan): number {
  const leaves = [...steps.values()].filter(({ step }) => kindOf(step.kind).shape === 'leaf');
  return Math.max(0, ...leaves.map(({ step: { timeout } }) => secondsAtMost(timeout)));
}

function secondsAtMost(timeout: string | undefined): number {
  return timeout === undefined ? DEFAULT_TIMEOUT_SECONDS : (secondsOf(timeout) ?? MAX_TIMEOUT_SECONDS);
}
