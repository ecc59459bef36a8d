import { fitsExpress } from '../../workflow/longest-step.ts';
import type { Plan } from '../../workflow/plan.ts';
import type { ExecutionKind } from '../ports.ts';

/** The cheapest kind of execution that every step of the plan fits into. */
export const executionKind = (plan: Plan): ExecutionKind => (fitsExpress(plan) ? 'express' : 'standard');
