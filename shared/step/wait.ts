import * as z from 'zod';
import { DURATION_PATTERN, durationRule, secondsOf } from '../expression/duration.ts';
import { EXPRESSION, isOneExpression } from '../expression/template.ts';
import { MAX_RUN_SECONDS } from '../kernel/limits.ts';
import type { TimerKind } from './kind.ts';

const seconds = z.number().min(0).max(MAX_RUN_SECONDS);
const instant = z.iso.datetime({
  offset: true,
  error: 'must be an instant such as 2030-01-31T12:00:00Z, or 2030-01-31T12:00:00+01:00',
});

type Wait = { seconds: number } | { until: string };

/** Lets time pass. */
export const wait: TimerKind<Wait> = {
  shape: 'timer',
  name: 'wait',
  schema: z.union(
    [
      z
        .string()
        .regex(DURATION_PATTERN)
        .refine((text) => (secondsOf(text) ?? 0) <= MAX_RUN_SECONDS),
      z.string().regex(EXPRESSION).refine(isOneExpression),
      z.strictObject({ until: z.string().meta({ examples: ['2030-01-31T12:00:00Z'] }) }),
    ],
    {
      error: ({ input }) =>
        `${durationRule(input)}, 365d at most, an expression that gives seconds, or {until: 2030-01-31T12:00:00Z}`,
    },
  ),
  resolved: z.union(
    [
      seconds.transform((value) => ({ seconds: value })),
      z
        .string()
        .transform((text) => secondsOf(text))
        .pipe(seconds)
        .transform((value) => ({ seconds: value })),
      z.object({ until: instant }),
    ],
    { error: 'must be seconds such as 30, a duration such as 30s, 365d at most, or {until: 2030-01-31T12:00:00Z}' },
  ),
  resultNames: () => ['until'],
  until: (spec, now) => ('until' in spec ? new Date(spec.until) : new Date(now.getTime() + spec.seconds * 1000)),
};
