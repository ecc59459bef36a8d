import * as z from 'zod';
import { DURATION_PATTERN, secondsOf } from '../expression/duration.ts';
import { EXPRESSION, isOneExpression } from '../expression/template.ts';
import { MAX_RUN_SECONDS } from '../kernel/limits.ts';
import type { TimerKind } from './kind.ts';

const expected = 'a duration such as 30s, 5m, 2h or 14d, an expression that gives seconds, or {until: <instant>}';

const seconds = z.number().min(0).max(MAX_RUN_SECONDS);
const instant = z.iso.datetime({ offset: true, error: 'until must be an instant such as 2030-01-31T12:00:00Z' });

type Wait = { seconds: number } | { until: string };

/** Lets time pass. */
export const wait: TimerKind<Wait> = {
  shape: 'timer',
  name: 'wait',
  schema: z.union(
    [
      z.string().regex(DURATION_PATTERN),
      z.string().regex(EXPRESSION).refine(isOneExpression),
      z.strictObject({ until: z.string() }),
    ],
    {
      error: `must be ${expected}`,
    },
  ),
  resolved: z.union([
    seconds.transform((value) => ({ seconds: value })),
    z
      .string()
      .transform((text) => secondsOf(text))
      .pipe(seconds)
      .transform((value) => ({ seconds: value })),
    z.object({ until: instant }),
  ]),
  until: (spec, now) => ('until' in spec ? new Date(spec.until) : new Date(now.getTime() + spec.seconds * 1000)),
};
