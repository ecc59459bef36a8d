import { isServerError, isThrottlingError, isTransientError } from '@smithy/core/retry';
import * as z from 'zod';

const conflict = z.object({ name: z.literal('TransactionConflictException') });
const cancelled = z.object({
  name: z.literal('TransactionCanceledException'),
  CancellationReasons: z.array(z.object({ Code: z.string().optional() })),
});
const PASSING = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

const isFault = (error: unknown): error is Parameters<typeof isThrottlingError>[0] => error instanceof Error;

/**
 * Whether the same call of an AWS service may succeed a moment later: throttles, faults of the service, lost connections, transactions of others. The SDK
 * takes a cancelled transaction for final, whatever has cancelled it.
 */
export function willPass(error: unknown): boolean {
  if (!isFault(error)) return false;
  if (isThrottlingError(error) || isTransientError(error) || isServerError(error) || conflict.safeParse(error).success)
    return true;
  const codes = cancelled.safeParse(error).data?.CancellationReasons.map(({ Code = 'None' }) => Code) ?? [];
  return codes.some((code) => PASSING.has(code)) && !codes.includes('ConditionalCheckFailed');
}
