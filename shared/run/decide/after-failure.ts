import type { Retry } from '../../step/kind.ts';

/** What to do with a step of which an execution has just failed. */
export type Next = { kind: 'retry' } | { kind: 'fail' };

/**
 * `failures` counts the one that has just happened. An error that `on` does not name is never retried; without `on` every error is, but for
 * `StepInterrupted`: whoever says `repeatable: false` must name it to mean it.
 */
export function afterFailure(errorName: string, failures: number, retry: Retry | undefined): Next {
  if (!retry || failures >= retry.attempts) return { kind: 'fail' };
  const meant = retry.on ? retry.on.includes(errorName) : errorName !== 'StepInterrupted';
  return { kind: meant ? 'retry' : 'fail' };
}
