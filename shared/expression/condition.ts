import { StepError } from '../kernel/step-error.ts';

/** The truth of an evaluated `if`, `when` or `runIf`: null counts as false; what is neither true nor false fails, `"false"` too. */
export function conditionOf(value: unknown, field: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  throw new StepError(
    'ExpressionError',
    `${field}: must give true or false, not ${Array.isArray(value) ? 'a list' : `a ${typeof value}`}`,
  );
}
