import * as z from 'zod';
import { DURATION_PATTERN, durationRule, secondsOf } from '../expression/duration.ts';
import { EXPRESSION, isOneExpression } from '../expression/template.ts';
import { jsonNumber } from '../kernel/json-number.ts';
import { MAX_RUN_SECONDS } from '../kernel/limits.ts';
import { mailAddress } from '../kernel/mail-address.ts';
import { firstWords, oneLine } from '../kernel/words.ts';
import type { AskKind, Question } from './kind.ts';

const MOST_ASSIGNEES = 50;
const TITLE_CHARS = 200;
const BODY_CHARS = 20_000;

const text = z.union([z.string(), jsonNumber, z.boolean()], 'must be a text').transform(String);
const addresses = z.array(mailAddress).min(1, 'needs at least one address').max(MOST_ASSIGNEES);
const onReject = z.enum(['fail', 'continue']);
const form = z.record(z.string(), z.unknown(), { error: 'must be a JSON Schema such as {type: object}' });

const duration = z
  .string({ error: ({ input }) => durationRule(input) })
  .regex(DURATION_PATTERN)
  .refine((given) => (secondsOf(given) ?? 0) <= MAX_RUN_SECONDS);

const LEAST_REMIND_SECONDS = 60;

/** Seconds, or a duration. */
const seconds = z
  .union([z.number(), duration.transform((given) => secondsOf(given) ?? 0)], { error: ({ input }) => durationRule(input) })
  .pipe(z.number().positive('must be more than 0 seconds').max(MAX_RUN_SECONDS, 'must be 365d at most'));

const resolved: z.ZodType<Question> = z.object({
  assignees: z.union([mailAddress.transform((one) => [one]), addresses], { error: 'must be mail addresses, 1 to 50' }),
  title: text.transform((given) => firstWords(oneLine(given), TITLE_CHARS)).refine((given) => given !== '', 'must not be empty'),
  body: text
    .transform((given) => firstWords(given, BODY_CHARS))
    .nullish()
    .transform((given) => given ?? undefined),
  form: form.optional(),
  expires: seconds.nullish().transform((given) => given ?? undefined),
  remind: seconds
    .pipe(z.number().min(LEAST_REMIND_SECONDS, 'must be 1m at least'))
    .nullish()
    .transform((given) => given ?? undefined),
  onReject: onReject.default('fail'),
});

/** Asks people to approve, and waits for the first answer. */
export const approval: AskKind = {
  shape: 'ask',
  name: 'approval',
  schema: z.strictObject({
    assignees: z
      .union([z.string(), z.array(z.string()).min(1, 'needs at least one address').max(MOST_ASSIGNEES)], {
        error: 'must be a mail address, or a list of them',
      })
      .meta({ examples: [['ada@example.com']] })
      .describe('Mail addresses of the people who may answer.'),
    title: z.string().describe('The question, in a line.'),
    body: z.string().describe('What the people have to know.').optional(),
    form: form.describe('JSON Schema of what an answer fills in.').optional(),
    expires: z
      .union([duration, z.string().regex(EXPRESSION).refine(isOneExpression)], {
        error: ({ input }) => `${durationRule(input)}, 365d at most, or an expression that gives seconds`,
      })
      .describe('Without an answer by then, the step fails with ApprovalExpired.')
      .optional(),
    remind: z
      .union([duration, z.string().regex(EXPRESSION).refine(isOneExpression)], {
        error: ({ input }) => `${durationRule(input)}, 1m at least and 365d at most, or an expression that gives seconds`,
      })
      .describe('So long without an answer, and the assignees are told again by mail.')
      .optional(),
    onReject: onReject.describe('continue: a rejection is a result like an approval.').optional(),
  }),
  resolved,
  jsonSchemas: ['form'],
  resultNames: () => ['decision', 'by', 'comment', 'form'],
};
