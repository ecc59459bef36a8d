import * as z from 'zod';
import { RUN_STATUSES_V1, TRIGGERS } from '../../run/status.ts';
import { count, few, listQuery, resourceId, runContext, runDetail, runEntries, runEvents, stage, words } from '../resources.ts';
import { operation } from '../route.ts';

const feedQuery = {
  status: z.enum(RUN_STATUSES_V1).optional(),
  stage: stage.optional(),
  trigger: z.enum(TRIGGERS).optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  ...listQuery(25),
};

const runParams = z.object({ run_id: resourceId });
const workflowParams = z.object({ workflow_id: resourceId });
const workflowRunParams = z.object({ workflow_id: resourceId, run_id: resourceId });
const eventsQuery = z.strictObject({
  after: resourceId.optional().meta({ description: 'Id of the last event seen' }),
  limit: count(1000).default(100),
  continuation_token: resourceId.optional(),
});
const contextQuery = z.strictObject({
  step: z
    .string()
    .min(1)
    .max(400)
    .optional()
    .meta({ description: 'Step key, such as stock[3]/check: that step alone, with its whole values' }),
});

const events = {
  summary: 'The run log, oldest first',
  tag: 'runs',
  entry: 'http/read-runs',
  query: eventsQuery,
  responses: { 200: runEvents },
} as const;
const context = {
  summary: 'Step states, outputs and variables',
  tag: 'runs',
  entry: 'http/read-runs',
  query: contextQuery,
  responses: { 200: runContext },
} as const;

const inputs = z.record(z.string(), z.unknown());

/** Verbs on a workflow and its runs. */
export const command = z.discriminatedUnion('command', [
  z
    .strictObject({
      command: z.literal('start'),
      params: z
        .strictObject({
          inputs: inputs.optional(),
          name: words(100).optional(),
          reference: words(200).optional(),
          stage: stage.optional(),
          file_ids: few(z.string()).optional(),
        })
        .default({}),
    })
    .meta({ id: 'StartCommand' }),
  z
    .strictObject({
      command: z.literal('stop'),
      run_id: resourceId,
      params: z
        .strictObject({ mode: z.literal('immediate').default('immediate'), reason: words(500).optional() })
        .default({ mode: 'immediate' }),
    })
    .meta({ id: 'StopCommand' }),
]);

export const runs = {
  commandWorkflow: operation({
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/command',
    entry: 'http/start-runs',
    summary: 'Start or stop a run',
    tag: 'runs',
    role: 'operator',
    params: workflowParams,
    body: command,
    responses: { 201: runDetail, 202: runDetail },
  }),
  listRuns: operation({
    method: 'GET',
    path: '/v1/runs',
    entry: 'http/read-runs',
    summary: 'Runs of the workspace, newest first',
    tag: 'runs',
    query: z.strictObject({ workflow_id: resourceId.optional(), project_id: resourceId.optional(), ...feedQuery }),
    responses: { 200: runEntries },
  }),
  listWorkflowRuns: operation({
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/runs',
    entry: 'http/read-runs',
    summary: 'Runs of a workflow, newest first',
    tag: 'runs',
    params: workflowParams,
    query: z.strictObject(feedQuery),
    responses: { 200: runEntries },
  }),
  getRun: operation({
    method: 'GET',
    path: '/v1/runs/{run_id}',
    entry: 'http/read-runs',
    summary: 'One run',
    tag: 'runs',
    params: runParams,
    responses: { 200: runDetail },
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
