import { longestStepSeconds } from '../../workflow/longest-step.ts';
import type { Plan } from '../../workflow/plan.ts';
import type { ExecutionKind } from '../ports.ts';

/** An Express execution ends after five minutes; the driver hands over between steps, so that only a single long step is too long for it. */
const EXPRESS_STEP_SECONDS = 240;

/** The cheapest kind of execution that every step of the plan fits into. */
export const executionKind = (plan: Plan): ExecutionKind =>
  longestStepSeconds(plan) <= EXPRESS_STEP_SECONDS ? 'express' : 'standard';
