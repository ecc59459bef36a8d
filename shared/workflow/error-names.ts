import { STEP_ERRORS } from '../kernel/step-error.ts';
import { isMap } from './parse-steps.ts';
import type { Plan } from './plan.ts';

/** Every name under which a step of the document may fail: the stable ones and those it raises itself. */
export function errorNamesOf(plan: Plan): string[] {
  const raised = [...plan.steps.values()].flatMap(({ step }) =>
    step.kind === 'raise' && isMap(step.spec) ? step.spec['error'] : [],
  );
  return [...new Set([...STEP_ERRORS, ...raised.filter((name) => typeof name === 'string')])];
}
