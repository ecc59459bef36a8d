import { setTimeout } from 'node:timers/promises';
import { isServerError, isThrottlingError, isTransientError } from '@smithy/core/retry';
import * as z from 'zod';
import { StoreBusy } from '../store-busy.ts';

export interface Patience {
  /** For how long a call is tried again. */
  withinMs?: number | undefined;
  random?: () => number;
}

const WITHIN_MS = 5_000;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Makes a call, again and again while what stands in its way will pass: throttles, faults of the service, lost connections, transactions of others.
 * Throws `StoreBusy` when the time is up. The SDK has tried each call itself before, but a table that grows into its load takes longer.
 */
export async function patiently<T>(
  call: () => Promise<T>,
  { withinMs = WITHIN_MS, random = Math.random }: Patience = {},
): Promise<T> {
  const until = performance.now() + withinMs;
  for (let tries = 0; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!willPass(error)) throw error;
      const pauseMs = random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
      if (performance.now() + pauseMs >= until) throw new StoreBusy(error);
      await setTimeout(pauseMs);
    }
  }
}

const conflict = z.object({ name: z.literal('TransactionConflictException') });
const cancelled = z.object({
  name: z.literal('TransactionCanceledException'),
  CancellationReasons: z.array(z.object({ Code: z.string().optional() })),
});
const PASSING = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

const isFault = (error: unknown): error is Parameters<typeof isThrottlingError>[0] => error instanceof Error;

/** Whether the same call may succeed a moment later. The SDK takes a cancelled transaction for final, whatever has cancelled it. */
function willPass(error: unknown): boolean {
  if (!isFault(error)) return false;
  if (isThrottlingError(error) || isTransientError(error) || isServerError(error) || conflict.safeParse(error).success)
    return true;
  const codes = cancelled.safeParse(error).data?.CancellationReasons.map(({ Code = 'None' }) => Code) ?? [];
  return codes.some((code) => PASSING.has(code)) && !codes.includes('ConditionalCheckFailed');
}
