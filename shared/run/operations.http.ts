import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { count, few, listQuery, resourceId, words } from '../edge/schema.ts';
import { camelCased } from '../edge/snake-case.ts';
import { connectionOverrides } from '../workflow/workflow.http.ts';
import { runCount, runHistogram } from './list/counts.http.ts';
import { filterFields } from './list/filter.http.ts';
import { eventType } from './model/event.ts';
import { labels } from './model/label.ts';
import { STEP_STATUSES } from './model/step-state.ts';
import { BUCKETS } from './read/histogram.ts';
import { dryRun, failureCodes, rerunDetail, runContext, runDetail, runEntries, runEvents, valueLink } from './run.http.ts';
import { stage } from './stage.http.ts';

const feedQuery = { ...filterFields, ...listQuery(25) };
const within = { workflow_id: resourceId.optional(), project_id: resourceId.optional() };

const runParams = z.object({ run_id: resourceId });
const workflowParams = z.object({ workflow_id: resourceId });
const workflowRunParams = z.object({ workflow_id: resourceId, run_id: resourceId });
const waitSeconds = z.coerce
  .number()
  .min(0)
  .max(25)
  .default(0)
  .meta({ description: 'Seconds to wait for something new, at most' });
const lineNumber = z
  .string()
  .refine((text) => /^\d{1,15}$/.test(text), 'must be the id of an event')
  .transform(Number);
const eventsQuery = z.strictObject({
  after: lineNumber.meta({ override: { type: 'integer', minimum: 0 }, description: 'Id of the last event seen' }).optional(),
  wait: waitSeconds,
  step: z.string().min(1).max(40).optional().meta({ description: 'Id of a step' }),
  type: eventType.optional(),
  q: words(200).optional().meta({ description: 'Words of the message or the key of the step, in any case' }),
  limit: count(1000).default(100),
  continuation_token: lineNumber.optional(),
});
const stepKey = z.string().min(1).max(400);
const contextQuery = z.strictObject({
  step: stepKey
    .optional()
    .meta({ description: 'Step key, such as stock[3]/check: that step alone, its values up to 768 KiB each' }),
  scope: z.string().min(1).max(400).optional().meta({ description: 'Beginning of the key, such as stock[3]/' }),
  status: z.enum(STEP_STATUSES).optional(),
  limit: count(1000).default(100),
  continuation_token: z.string().min(1).max(400).optional(),
});

const events = {
  summary: 'The run log, oldest first',
  tag: 'runs',
  entry: 'api/read-runs',
  query: eventsQuery,
  responses: { 200: runEvents },
} as const;
const context = {
  summary: 'Step states, outputs and variables',
  tag: 'runs',
  entry: 'api/read-runs',
  query: contextQuery,
  responses: { 200: runContext },
} as const;

const inputs = z.record(z.string(), z.unknown());

const LABELS_ARE = '`key:value`, such as `customer:acme`; 20 at most';

/** Verbs on a workflow and its runs. */
const command = z.discriminatedUnion('command', [
  z
    .strictObject({
      command: z.literal('start'),
      params: camelCased(
        z.strictObject({
          inputs: inputs.optional(),
          name: words(100).optional(),
          reference: words(200).optional(),
          labels: labels.optional().meta({ description: LABELS_ARE }),
          stage: stage.optional(),
          version: z.int().min(1).max(999_999).optional().meta({ description: 'A published version instead of the newest' }),
          connection_overrides: connectionOverrides.optional().meta({ description: 'Names of connections to use instead' }),
          use_start_defaults: z
            .boolean()
            .optional()
            .meta({ description: 'Whether the saved start defaults stand under these; by default they do' }),
          wait: z
            .number()
            .min(0)
            .max(25)
            .optional()
            .meta({ description: 'Seconds to wait for the end of the run, at most; the answer is the run as it stands then' }),
          dry_run: z.boolean().optional().meta({ description: 'Answer with what would happen, and start nothing' }),
          file_ids: few(z.string()).optional(),
        }),
      ).default({}),
    })
    .meta({ id: 'StartCommand' }),
  z
    .strictObject({
      command: z.literal('pause'),
      run_id: resourceId,
      params: z.strictObject({ reason: words(500).optional() }).default({}),
    })
    .meta({ id: 'PauseCommand' }),
  z
    .strictObject({ command: z.literal('resume'), run_id: resourceId, params: z.strictObject({}).default({}) })
    .meta({ id: 'ResumeCommand' }),
  z
    .strictObject({
      command: z.literal('stop'),
      run_id: resourceId,
      params: camelCased(
        z.strictObject({
          mode: z.enum(['immediate', 'graceful']).default('immediate'),
          reason: words(500).optional(),
          drain_timeout: z.int().min(1).max(86_400).optional().meta({ description: 'Seconds that steps in flight may take' }),
        }),
      ).default({ mode: 'immediate' }),
    })
    .meta({ id: 'StopCommand' }),
]);

export const runs = {
  commandWorkflow: operation({
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/command',
    entry: 'api/start-runs',
    summary: 'Start, pause, resume or stop a run',
    act: ['run.start', 'run.pause', 'run.resume', 'run.stop'],
    tag: 'runs',
    role: 'operator',
    keyed: true,
    params: workflowParams,
    body: command,
    responses: { 201: runDetail, 200: z.discriminatedUnion('object', [runDetail, dryRun]), 202: runDetail },
  }),
  rerunRun: operation({
    method: 'POST',
    path: '/v1/runs/{run_id}/rerun',
    entry: 'api/start-runs',
    summary: 'Run an ended run again: from its start, from where it failed, or from a step',
    act: 'run.rerun',
    tag: 'runs',
    role: 'operator',
    keyed: true,
    params: runParams,
    body: camelCased(
      z.strictObject({
        from: words(40).meta({ description: '`start`, `failed`, or the id of a step' }),
        inputs: z.union([z.literal('same'), inputs]).default('same'),
        version: z.union([z.enum(['original', 'latest']), z.int().min(1).max(999_999)]).default('original'),
        confirm_repeat: z
          .boolean()
          .default(false)
          .meta({ description: 'Steps that say repeatable: false may be executed a second time' }),
        accept_changes: z
          .boolean()
          .default(false)
          .meta({ description: 'Take results over although definitions or inputs differ' }),
      }),
    ),
    responses: { 201: rerunDetail, 200: rerunDetail },
  }),
  getRunDefinition: operation({
    method: 'GET',
    path: '/v1/runs/{run_id}/definition',
    entry: 'api/read-runs',
    summary: 'The text that a run follows, byte for byte',
    tag: 'runs',
    params: runParams,
    responses: { 200: z.object({ definition: z.string(), source: z.string() }).meta({ id: 'RunDefinition' }) },
  }),
  listFailureCodes: operation({
    method: 'GET',
    path: '/v1/failure-codes',
    entry: 'api/docs',
    summary: 'Every failure code: what it means and what to do',
    tag: 'docs',
    open: true,
    responses: { 200: failureCodes },
  }),
  listRuns: operation({
    method: 'GET',
    path: '/v1/runs',
    entry: 'api/read-runs',
    summary: 'Runs of the workspace, newest first',
    tag: 'runs',
    query: z.strictObject({ ...within, ...feedQuery }),
    responses: { 200: runEntries },
  }),
  countRuns: operation({
    method: 'GET',
    path: '/v1/runs/count',
    entry: 'api/read-runs',
    summary: 'How many runs there are: exact to 10,000',
    tag: 'runs',
    query: z.strictObject({ ...within, ...filterFields }),
    responses: { 200: runCount },
  }),
  getRunHistogram: operation({
    method: 'GET',
    path: '/v1/runs/histogram',
    entry: 'api/read-runs',
    summary: 'What became of runs, by the hour or the day: of the newest 10,000',
    tag: 'runs',
    query: z.strictObject({ bucket: z.enum(BUCKETS).default('day'), ...within, ...filterFields }),
    responses: { 200: runHistogram },
  }),
  listWorkflowRuns: operation({
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/runs',
    entry: 'api/read-runs',
    summary: 'Runs of a workflow, newest first',
    tag: 'runs',
    params: workflowParams,
    query: z.strictObject(feedQuery),
    responses: { 200: runEntries },
  }),
  getRun: operation({
    method: 'GET',
    path: '/v1/runs/{run_id}',
    entry: 'api/read-runs',
    summary: 'One run; with `wait`, when it has ended or that time is over',
    tag: 'runs',
    params: runParams,
    query: z.strictObject({ wait: waitSeconds }),
    responses: { 200: runDetail },
  }),
  changeRun: operation({
    method: 'PATCH',
    path: '/v1/runs/{run_id}',
    entry: 'api/start-runs',
    summary: 'Archive a run or bring it back, give it labels or another name',
    act: 'run.change',
    tag: 'runs',
    role: 'operator',
    params: runParams,
    body: z
      .strictObject({
        archived: z.boolean().optional().meta({ description: 'Archived runs are in lists only when they are asked for' }),
        labels: labels.optional().meta({ description: `All that it has from now on: ${LABELS_ARE}` }),
        name: words(100).optional(),
      })
      .meta({ id: 'RunChange' }),
    responses: { 200: runDetail },
  }),
  getRunValue: operation({
    method: 'GET',
    path: '/v1/runs/{run_id}/values/{name}',
    entry: 'api/read-runs',
    summary: 'A link to the whole of a value that a view has cut, good for five minutes',
    tag: 'runs',
    params: z.object({ run_id: resourceId, name: z.enum(['inputs', 'outputs']) }),
    query: z.strictObject({ step: stepKey.optional().meta({ description: 'Of this step instead of the run' }) }),
    responses: { 200: valueLink },
  }),
  getRunEvents: operation({ method: 'GET', path: '/v1/runs/{run_id}/events', params: runParams, ...events }),
  getRunContext: operation({ method: 'GET', path: '/v1/runs/{run_id}/context', params: runParams, ...context }),
  getWorkflowRunEvents: operation({
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/runs/{run_id}/events',
    params: workflowRunParams,
    ...events,
  }),
  getWorkflowRunContext: operation({
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/runs/{run_id}/context',
    params: workflowRunParams,
    ...context,
  }),
};
