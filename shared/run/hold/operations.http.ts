import * as z from 'zod';
import { operation } from '../../edge/route.ts';
import { legalHold, resourceId } from '../../edge/schema.ts';
import { viewOf } from '../../edge/snake-case.ts';
import type { Hold } from '../../kernel/hold.ts';

const runHold = z.object({ run_id: resourceId, legal_hold: legalHold.nullable() }).meta({ id: 'HeldRun' });
const workflowHold = z
  .object({
    workflow_id: resourceId,
    legal_hold: legalHold.nullable(),
    runs: z.int().meta({ description: 'Runs that this request has reached' }),
    complete: z.boolean().meta({ description: 'False when there are more: send it again to go on' }),
  })
  .meta({ id: 'HeldWorkflow' });

export const runHoldView = (runId: string, hold: Hold | undefined) => viewOf(runHold, { runId, legalHold: hold });
export const workflowHoldView = (workflowId: string, hold: Hold | undefined, reached: { runs: number; complete: boolean }) =>
  viewOf(workflowHold, { workflowId, legalHold: hold, ...reached });

const at = { tag: 'runs', entry: 'api/legal-holds', role: 'admin' } as const;
const ofRun = { ...at, path: '/v1/runs/{run_id}/legal-hold', params: z.object({ run_id: resourceId }) } as const;
const ofWorkflow = {
  ...at,
  path: '/v1/workflows/{workflow_id}/legal-hold',
  params: z.object({ workflow_id: resourceId }),
} as const;
const body = z.strictObject({}).default({});

export const legalHolds = {
  holdRun: operation({
    ...ofRun,
    method: 'POST',
    summary: 'Put a run under a legal hold: it does not expire and cannot be deleted',
    act: 'run.hold',
    body,
    responses: { 200: runHold },
  }),
  releaseRun: operation({
    ...ofRun,
    method: 'DELETE',
    summary: 'Lift the legal hold of a run: its retention counts again',
    act: 'run.release',
    responses: { 200: runHold },
  }),
  holdWorkflow: operation({
    ...ofWorkflow,
    method: 'POST',
    summary: 'Put a workflow and all its runs, also those to come, under a legal hold',
    act: 'workflow.hold',
    body,
    responses: { 200: workflowHold },
  }),
  releaseWorkflow: operation({
    ...ofWorkflow,
    method: 'DELETE',
    summary: 'Lift the legal hold of a workflow and its runs',
    act: 'workflow.release',
    responses: { 200: workflowHold },
  }),
};
