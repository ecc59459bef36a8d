import * as z from 'zod';
import { MAX_RUN_SECONDS, MAX_RUNS_AT_ONCE } from '../kernel/limits.ts';
import { condition } from '../step/condition-schema.ts';
import { WHEN_FULL } from './document.ts';
import { durationOrExpression, onError } from './step-schema.ts';

const connectionName = z
  .string()
  .regex(
    /^[a-z][A-Za-z0-9_-]{0,62}$/,
    'must be the name of a connection such as erp: a small letter, then letters, digits, - and _ only',
  );

const concurrency = z.strictObject({
  limit: z.int().min(1).max(MAX_RUNS_AT_ONCE).describe('How many.'),
  key: z
    .string()
    .max(1_000)
    .meta({ examples: ['${ $input.customer }'] })
    .describe('A template over $input: runs share the limit with those of the same value.')
    .optional(),
  whenFull: z
    .enum(WHEN_FULL)
    .default('queue')
    .describe('queue: a run waits for its turn. skip: it is recorded as skipped. cancelRunning: the oldest is stopped.'),
});

const NO_CONTROLS = 'must not hold control characters';

/** The keys of a document but for its steps. */
export const documentKeys = {
  format: z.literal(1).describe('The version of the format.'),
  name: z
    .string()
    .regex(
      /^[a-z][a-z0-9-]{0,62}$/,
      'must be a name such as order-intake: a small letter, then small letters, digits and - only, 63 at most',
    ),
  title: z
    .string()
    .max(200)
    .regex(/^[^\u0000-\u001f\u007f]*$/, NO_CONTROLS)
    .optional(),
  description: z
    .string()
    .max(4_000)
    .regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/, NO_CONTROLS)
    .optional(),
  input: z
    .union([z.record(z.string(), z.unknown()), z.boolean()], { error: 'must be a JSON Schema such as {type: object}' })
    .describe('JSON Schema 2020-12 of the inputs.')
    .optional(),
  reference: z.string().max(1_000).describe('The business name of a run: a template over $input and $run.').optional(),
  runIf: condition.describe('When false, the run is recorded as skipped and nothing executes.').optional(),
  timeout: durationOrExpression(MAX_RUN_SECONDS, '365d').describe('How long a run may take.').optional(),
  concurrency: concurrency.describe('How many runs of the workflow go on at once.').optional(),
  connections: z.array(connectionName).describe('Every connection that a step uses.').optional(),
  onError: onError.describe('ask: a person decides about steps that have failed for good.').optional(),
  output: z.record(z.string(), z.unknown()).describe('The outputs of a run: a template over what its steps gave.').optional(),
};
