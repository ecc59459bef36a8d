import type { Retrier } from './definition.ts';

/** Errors that Step Functions ends an execution with, whatever `States.ALL` is asked to do. */
const TERMINAL = ['States.DataLimitExceeded', 'States.Runtime'];

const matches = ({ ErrorEquals }: Retrier, error: string) =>
  ErrorEquals.includes(error) || (ErrorEquals.includes('States.ALL') && !TERMINAL.includes(error));

/**
 * How long to wait before another try, and how often each retrier has then been used; undefined when there is no other try.
 * `random` is from 0 to 1.
 */
export function retryOf(
  retriers: readonly Retrier[],
  error: string,
  used: readonly number[],
  random: number,
): { delayMs: number; used: number[] } | undefined {
  const at = retriers.findIndex((one) => matches(one, error));
  const retrier = retriers[at];
  const tries = used[at] ?? 0;
  if (!retrier || tries >= retrier.MaxAttempts) return undefined;

  const { IntervalSeconds, BackoffRate, MaxDelaySeconds = Number.POSITIVE_INFINITY, JitterStrategy } = retrier;
  const longest = Math.min(IntervalSeconds * BackoffRate ** tries, MaxDelaySeconds) * 1000;
  const delayMs = JitterStrategy === 'FULL' ? random * longest : longest;
  return { delayMs, used: retriers.map((_, index) => (used[index] ?? 0) + (index === at ? 1 : 0)) };
}
