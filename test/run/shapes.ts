import * as z from 'zod';

/** As much of the API's answers as tests read. */
export const workflowResult = z.looseObject({ id: z.string() });
export const publishedResult = z.looseObject({ version: z.number() });

const failure = z.object({ name: z.string(), message: z.string(), step: z.string().nullable() });

export const runDetailResult = z.looseObject({
  id: z.string(),
  workflow_id: z.string(),
  version: z.number().nullable(),
  stage: z.string(),
  name: z.string(),
  reference: z.string().nullable(),
  status: z.string(),
  reason: z.string().nullable(),
  error: failure.nullable(),
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.record(z.string(), z.unknown()).nullable(),
  steps: z.record(z.string(), z.number()),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
});

export const stepStateResult = z.object({
  step: z.string(),
  key: z.string(),
  scope: z.string(),
  kind: z.string(),
  title: z.string().nullable(),
  status: z.string(),
  reason: z.string().nullable(),
  attempts: z.number(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  input: z.unknown(),
  output: z.unknown(),
  child: z.string().nullable(),
  reused: z.string().nullable(),
  error: z.object({ name: z.string(), message: z.string(), data: z.unknown().optional() }).nullable(),
});
