import * as z from 'zod';
import { count, resourceId, time, words } from '../edge/schema.ts';
import { viewOf } from '../edge/snake-case.ts';
import { zoneOf } from '../trigger/schedule/zone.ts';
import type { FailureFigures, RunFigures, StepFigures } from './figures.ts';

const instant = z.iso.datetime({ offset: true });

/** Of when and what figures are asked for. */
export const rangeFields = {
  from: instant
    .optional()
    .meta({ description: 'Runs created from then on, in whole hours; seven days before `to` unless given' }),
  to: instant.optional().meta({ description: 'Runs created before then, in whole hours; now unless given' }),
  project_id: resourceId.optional(),
};
export const workflowField = { workflow_id: resourceId.optional() };
export const limitField = { limit: count(100).default(25) };

export const timezone = words(100)
  .refine((name) => zoneOf(name) !== undefined, 'must be the name of a time zone, such as Europe/Berlin')
  .meta({ description: 'Whose days the buckets are: its name in the IANA database' });

const share = z.number().nullable();
const ms = z.int().nullable().meta({ description: 'Within 5 %' });
const durations = { p50_ms: ms, p95_ms: ms, slowest_ms: ms };
const outcomes = {
  runs: z.int().meta({ description: 'That have ended' }),
  succeeded: z.int(),
  failed: z.int(),
  timed_out: z.int(),
  stopped: z.int(),
  skipped: z.int(),
};
const figures = {
  ...outcomes,
  success_rate: share.meta({ description: 'Of those that succeeded, failed or timed out; null when there are none' }),
  unaided_rate: share.meta({ description: 'Of the same: succeeded, and nobody had paused them or run them again' }),
  steps_executed: z.int(),
  retries: z.int(),
  ...durations,
};
const range = {
  from: time.meta({ description: 'The beginning of the first hour' }),
  to: time.meta({ description: 'The end of the last hour' }),
  searched_to: time.nullable().meta({ description: 'The time down to which was read, when there was too much to read all' }),
};

const trendBucket = z
  .object({ start: time, ...outcomes, steps_executed: z.int(), p50_ms: ms, p95_ms: ms })
  .meta({ id: 'TrendBucket' });

export const overview = z
  .object({
    ...range,
    live: z.object({ count: z.int(), exact: z.boolean() }).meta({ description: 'Runs that live now; exact to 10,000' }),
    ...figures,
    bucket: z.enum(['hour', 'day']),
    trend: z.array(trendBucket).meta({ description: 'Oldest first, without gaps' }),
  })
  .meta({ id: 'AnalyticsOverview' });

const workflowFigures = z
  .object({ workflow_id: resourceId, workflow_name: z.string().nullable(), project_id: z.string(), ...figures })
  .meta({ id: 'WorkflowFigures' });
export const workflowAnalytics = z
  .object({ ...range, items: z.array(workflowFigures).meta({ description: 'Those with the most runs first' }) })
  .meta({ id: 'WorkflowAnalytics' });

const stepFiguresSchema = z
  .object({
    step_id: z.string(),
    executed: z.int(),
    succeeded: z.int(),
    failed: z.int(),
    cancelled: z.int(),
    failure_share: share,
    retries: z.int(),
    credits: z.number(),
    ...durations,
  })
  .meta({ id: 'StepFigures' });
export const stepAnalytics = z
  .object({ ...range, items: z.array(stepFiguresSchema).meta({ description: 'Those that failed most often first' }) })
  .meta({ id: 'StepAnalytics' });

export const failureEntry = z
  .object({
    fingerprint: z.string(),
    project_id: z.string(),
    workflow_id: resourceId,
    workflow_name: z.string().nullable(),
    step_id: z.string().nullable(),
    error: z.object({ name: z.string(), message: z.string() }).meta({ description: 'Of the last one' }),
    count: z.int(),
    first_at: time.nullable(),
    last_at: time.nullable(),
    sample_run_id: resourceId.nullable().meta({ description: 'The last one' }),
  })
  .meta({ id: 'FailureFigures' });
export const failureAnalytics = z
  .object({ ...range, items: z.array(failureEntry).meta({ description: 'The most frequent first' }) })
  .meta({ id: 'FailureAnalytics' });

export const recounted = z
  .object({
    looked: z.int().meta({ description: 'Runs that were looked at' }),
    counted: z.int().meta({ description: 'Runs that had not been counted' }),
    corrected: z.int().meta({ description: 'Runs that had been counted as something else' }),
    continuation_token: z.string().nullable().meta({ description: 'Send it with the next request; null when all is done' }),
  })
  .meta({ id: 'Recounted' });

/** Names of workflows by their ids, as far as they are there. */
export type Names = ReadonlyMap<string, string>;

export const workflowView = (figures: RunFigures & { workflowId: string; projectId: string }, names: Names) =>
  viewOf(workflowFigures, { workflowName: names.get(figures.workflowId), ...figures });

export const stepFiguresView = (figures: StepFigures) => viewOf(stepFiguresSchema, figures);

export const failureView = (figures: FailureFigures, names: Names) =>
  viewOf(failureEntry, { workflowName: names.get(figures.workflowId), ...figures });

export const figuresView = (figures: RunFigures) => viewOf(z.object({ ...overview.shape }).pick(RUN_FIGURES), figures);
const RUN_FIGURES = {
  runs: true,
  succeeded: true,
  failed: true,
  timed_out: true,
  stopped: true,
  skipped: true,
  success_rate: true,
  unaided_rate: true,
  steps_executed: true,
  retries: true,
  p50_ms: true,
  p95_ms: true,
  slowest_ms: true,
} as const;

export const trendView = (start: string, figures: RunFigures) => viewOf(trendBucket, { start, ...figures });
