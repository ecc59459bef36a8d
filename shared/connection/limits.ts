import * as z from 'zod';
import { DURATION_PATTERN, durationRule, secondsOf } from '../expression/duration.ts';

/** Calls a second that one key of a table takes, with room to spare. */
const MOST_PER_SECOND = 500;
const LONGEST_SECONDS = 31 * 86_400;
/** The row of those who call grows with it. */
const MOST_AT_ONCE = 200;
const MOST_FAILURES = 1_000;

const DEFAULT_FAILURES = 10;
const DEFAULT_PAUSE = '1m';

const duration = z
  .string()
  .regex(DURATION_PATTERN, { error: ({ input }) => durationRule(input) })
  .refine((text) => (secondsOf(text) ?? 0) <= LONGEST_SECONDS, 'must be 31 days at most');

const rate = z
  .strictObject({
    count: z.int().min(1).max(1_000_000).meta({ description: 'So many calls' }),
    per: duration.meta({ description: 'in every span of so long, such as `1s`, `1m` or `1d`' }),
  })
  .refine(
    ({ count, per }) => count <= MOST_PER_SECOND * (secondsOf(per) ?? 1),
    `must be ${MOST_PER_SECOND} calls a second at most`,
  );
export type Rate = z.infer<typeof rate>;

const breaker = z.strictObject({
  failures: z
    .int()
    .min(0)
    .max(MOST_FAILURES)
    .optional()
    .meta({
      description: `After so many calls in a row that found the other side out of order (${DEFAULT_FAILURES} unless said), it is not called any more; 0: never`,
    }),
  pause: duration
    .optional()
    .meta({ description: `So long afterwards (${DEFAULT_PAUSE} unless said) one call is let through, to try` }),
});

/** How much may be asked of the other side. */
export const limits = z.strictObject({
  rate: rate.optional(),
  concurrency: z.int().min(1).max(MOST_AT_ONCE).optional().meta({ description: 'So many steps call at once' }),
  breaker: breaker.optional(),
});
export type Limits = z.infer<typeof limits>;

const msOf = (duration: string) => (secondsOf(duration) ?? 0) * 1000;

/**
 * A rate as distances: so many calls may be made at once after a pause, a tenth of them, then one an interval. In no span of `per` there are more than
 * `count`, wherever it begins.
 */
export function spacingOf({ count, per }: Rate): { intervalMs: number; burst: number } {
  const burst = Math.ceil(count / 10);
  return { intervalMs: Math.max(1, Math.ceil(msOf(per) / (count - burst + 1))), burst };
}

/** When the other side counts as out of order, and for how long; what is not said is as it is for everybody. */
export function breakerOf({ breaker: { failures = DEFAULT_FAILURES, pause = DEFAULT_PAUSE } = {} }: Limits = {}) {
  return { failures, pauseMs: msOf(pause) };
}
