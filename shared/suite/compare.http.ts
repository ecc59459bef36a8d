import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { count, resourceId } from '../edge/schema.ts';
import { viewOf } from '../edge/snake-case.ts';
import type { Run } from '../run/model/run.ts';
import { STEP_STATUSES } from '../run/model/step-state.ts';
import { runEntry, runEntryView } from '../run/run.http.ts';
import type { ComparedRuns, ComparedStep } from './compare-runs.ts';
import { cutDifferences } from './difference.ts';

/** Of all steps of a page together so many differences. */
const MOST_OF_STEP = 20;

const difference = z
  .object({
    path: z.string().meta({ description: 'JSON Pointer: `/lines/0/price`; empty for the value as a whole' }),
    before: z.unknown().optional().meta({ description: 'Left out when there was nothing' }),
    after: z.unknown().optional().meta({ description: 'Left out when there is nothing' }),
  })
  .meta({ id: 'Difference' });
export const differences = z
  .object({
    items: z.array(difference),
    more: z.boolean().meta({ description: 'There are more than are listed' }),
  })
  .meta({ id: 'Differences' });

const side = z
  .object({
    status: z.enum(STEP_STATUSES),
    reason: z.string().nullable(),
    attempts: z.int(),
    duration_ms: z.int().nullable(),
    error: z.object({ name: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: 'ComparedSide' });

const comparedStep = z
  .object({
    step: z.string(),
    key: z.string(),
    scope: z.string(),
    same: z.boolean().meta({ description: 'Status, error, input and output are the same' }),
    a: side.nullable().meta({ description: 'Null when the run has no such step' }),
    b: side.nullable().meta({ description: 'Null when the run has no such step' }),
    input: differences,
    output: differences,
  })
  .meta({ id: 'ComparedStep' });

const runComparison = z
  .object({
    a: runEntry,
    b: runEntry,
    inputs: differences,
    outputs: differences,
    steps: z.array(comparedStep),
    continuation_token: z.string().nullable(),
  })
  .meta({ id: 'RunComparison' });

export const comparison = {
  compareRuns: operation({
    method: 'GET',
    path: '/v1/runs/compare',
    entry: 'api/read-runs',
    summary: 'Two runs step by step: what they came to, how long it took, where inputs and outputs differ',
    tag: 'runs',
    query: z.strictObject({
      a: resourceId,
      b: resourceId,
      limit: count(100).default(25),
      continuation_token: z.string().min(1).max(400).optional(),
    }),
    responses: { 200: runComparison },
  }),
};

const stepView = ({ input, output, ...step }: ComparedStep) =>
  viewOf(comparedStep, {
    ...step,
    input: cutDifferences(input, MOST_OF_STEP),
    output: cutDifferences(output, MOST_OF_STEP),
  });

export const comparisonView = (a: Run, b: Run, { inputs, outputs, steps, next }: ComparedRuns) => ({
  a: runEntryView(a),
  b: runEntryView(b),
  inputs: cutDifferences(inputs),
  outputs: cutDifferences(outputs),
  steps: steps.map(stepView),
  continuation_token: next ?? null,
});
