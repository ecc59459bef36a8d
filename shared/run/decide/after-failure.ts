import * as z from 'zod';
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

/** As long as the longest first delay that a document may ask for. */
const LONGEST_ASKED_MS = 86_400_000;

const asking = z.object({ retryAfterSeconds: z.number().nonnegative() });

/** Milliseconds that the server has asked to be left alone for, with `Retry-After`. */
export function askedMs(data: unknown): number {
  const { data: asked } = asking.safeParse(data);
  return asked ? Math.min(asked.retryAfterSeconds * 1000, LONGEST_ASKED_MS) : 0;
}
