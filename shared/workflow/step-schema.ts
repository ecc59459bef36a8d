import * as z from 'zod';
import { DURATION_PATTERN, durationRule, secondsOf } from '../expression/duration.ts';
import { EXPRESSION, isOneExpression } from '../expression/template.ts';
import { MAX_TIMEOUT_SECONDS } from '../kernel/limits.ts';
import { mailAddress } from '../kernel/mail-address.ts';
import { not } from '../kernel/shown.ts';
import { condition } from '../step/condition-schema.ts';
import { ERROR_NAME } from '../step/raise.ts';

export const STEP_ID = /^[a-z][A-Za-z0-9_]{0,39}$/;
const DAY_SECONDS = 86_400;
const DEFAULT_DELAY = 1;

const durationText = z.string({ error: ({ input }) => durationRule(input) }).regex(DURATION_PATTERN, durationRule(undefined));

/** A duration in seconds, written out: no expression. */
const secondsUpTo = (most: number, rule: string) =>
  durationText.refine((text) => (secondsOf(text) ?? 0) <= most, { error: not(rule) }).transform((text) => secondsOf(text) ?? 0);

const names = z
  .array(z.string().regex(ERROR_NAME, 'must be an error name in PascalCase such as HttpServerError'))

  .min(1, 'must name at least one error; without "on" every error counts');

const stepId = z
  .string()
  .regex(STEP_ID, 'must be an id such as orderLines: a small letter, then letters, digits and _ only, 40 at most');

/** A duration up to a limit, or an expression that gives seconds. */
export function durationOrExpression(most: number, words: string): z.ZodType<string> {
  return z.union(
    [durationText.refine((text) => (secondsOf(text) ?? 0) <= most), z.string().regex(EXPRESSION).refine(isOneExpression)],
    {
      error: ({ input }) => `${durationRule(input)}, ${words} at most, or an expression that gives seconds`,
    },
  );
}

const timeout = durationOrExpression(MAX_TIMEOUT_SECONDS, `${MAX_TIMEOUT_SECONDS}s`);

const delayIn = (input: unknown) => z.object({ delay: z.number().default(DEFAULT_DELAY) }).parse(input).delay;

const retry = z
  .strictObject({
    on: names.optional(),
    attempts: z
      .int()
      .min(1)
      .max(100)
      .meta({ examples: [3] })
      .default(3),
    delay: secondsUpTo(DAY_SECONDS, 'must be 1d at most').optional(),
    backoff: z
      .number()
      .min(1)
      .max(10)
      .meta({ examples: [2] })
      .default(2),
    maxDelay: secondsUpTo(365 * DAY_SECONDS, 'must be 365d at most').optional(),
    jitter: z.boolean().default(false),
  })
  .refine(({ delay = DEFAULT_DELAY, maxDelay }) => maxDelay === undefined || maxDelay > delay, {
    path: ['maxDelay'],
    error: (issue) => `must be longer than delay, such as ${2 * delayIn(issue.input)}s`,
  })
  .transform(({ delay, maxDelay, ...rest }) => ({ ...rest, delaySeconds: delay ?? DEFAULT_DELAY, maxDelaySeconds: maxDelay }));

/** What happens when a step has failed for good. */
export const onError = z.union(
  [
    z.literal('fail'),
    z.literal('ask').transform(() => ({ assignees: [] as string[] })),
    z
      .strictObject({
        ask: z.strictObject({
          assignees: z.array(mailAddress).max(50).default([]),
          expires: secondsUpTo(365 * DAY_SECONDS, 'must be 365d at most').optional(),
          remind: secondsUpTo(365 * DAY_SECONDS, 'must be 365d at most')
            .refine((seconds) => seconds >= 60, 'must be 1m at least')
            .optional(),
        }),
      })
      .transform(({ ask: { assignees, expires, remind } }) => ({
        assignees,
        ...(expires !== undefined && { expiresSeconds: expires }),
        ...(remind !== undefined && { remindSeconds: remind }),
      })),
  ],
  { error: 'must be ask, fail, or {ask: {assignees: [ada@example.com], expires: 2d}}' },
);

/** The handlers of a step, over the schema of a list of steps. */
function handlers<T>(steps: z.ZodType<T>) {
  return z.array(z.strictObject({ on: names.optional(), steps })).min(1, 'needs at least one handler');
}

/** What may stand beside the kind, over the schema of a list of steps. */
export function common<T>(steps: z.ZodType<T>) {
  return {
    id: stepId,
    title: z.string().max(200).optional(),
    needs: z
      .array(z.string())
      .meta({ examples: ['[order, stock]'] })
      .describe('Steps of the same list that must have ended. Absent: the step above. []: at once.')
      .optional(),
    if: condition.describe('When false, the step and all inside it are skipped.').optional(),
    output: z.unknown().describe('What $steps.<id> gives: a template whose context is the full result.').optional(),
    timeout: timeout.describe('How long one attempt may take; 60s unless given.').optional(),
    retry: retry.describe('Which errors are tried again, and how.').optional(),
    catch: handlers(steps)
      .describe('The first handler that names the error runs its steps; the run goes on after the step.')
      .optional(),
    onError: onError
      .describe('ask: when the step has failed for good, a person says whether it is tried again, skipped, or fails.')
      .optional(),
    repeatable: z.boolean().describe('When false, recovery never executes the step twice without being told to.').optional(),
  };
}
