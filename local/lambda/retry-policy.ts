/** How often what has failed is tried again, and for how long. */
export interface RetryPolicy {
  maxRetries: number;
  /** Of the event, since it came. */
  maxAgeMs: number;
  /** How long to wait after so many failures. */
  delayMs(failures: number): number;
}

/** The settings under the names that Lambda and Scheduler share. */
interface RetrySettings {
  MaximumRetryAttempts: number;
  MaximumEventAgeInSeconds: number;
}

/** What becomes of an event that has just failed; `condition` is the limit that it has reached, as AWS calls it. */
export type AfterFailure = { kind: 'retry'; delayMs: number } | { kind: 'give-up'; condition: keyof RetrySettings };

export function afterFailure(policy: RetryPolicy, { failures, ageMs }: { failures: number; ageMs: number }): AfterFailure {
  if (failures > policy.maxRetries) return { kind: 'give-up', condition: 'MaximumRetryAttempts' };
  const delayMs = policy.delayMs(failures);
  if (ageMs + delayMs > policy.maxAgeMs) return { kind: 'give-up', condition: 'MaximumEventAgeInSeconds' };
  return { kind: 'retry', delayMs };
}

const MINUTE_MS = 60_000;

/** A function that fails: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
export const lambdaRetries = ({ MaximumRetryAttempts, MaximumEventAgeInSeconds }: RetrySettings): RetryPolicy => ({
  maxRetries: MaximumRetryAttempts,
  maxAgeMs: MaximumEventAgeInSeconds * 1000,
  delayMs: (failures) => (failures === 1 ? MINUTE_MS : 2 * MINUTE_MS),
});

/** A target that does not take an event. AWS says that the wait grows exponentially, and not from what to what. */
export const schedulerRetries = ({ MaximumRetryAttempts, MaximumEventAgeInSeconds }: RetrySettings): RetryPolicy => ({
  maxRetries: MaximumRetryAttempts,
  maxAgeMs: MaximumEventAgeInSeconds * 1000,
  delayMs: (failures) => Math.min(1000 * 2 ** (failures - 1), MINUTE_MS),
});
