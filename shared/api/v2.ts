import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { anyId, few, firstWords, listQuery, page, resourceId, time, words } from '../edge/schema.ts';
import { jsonNumber } from '../kernel/json-number.ts';
import type { Run } from '../run/model/run.ts';
import { RUN_STATUS } from '../run/model/status.ts';
import { stage } from '../run/stage.http.ts';
import type { Workflow } from '../workflow/workflow.ts';

const nameValue = z.object({ name: z.string().min(1).max(100), value: z.union([z.string(), jsonNumber]) });

const runV2 = z
  .object({
    id: resourceId,
    name: z.string(),
    process_id: resourceId,
    agent_id: resourceId,
    stage,
    status: z.enum(['Created', 'Running', 'Exception', 'Stopped', 'Succeeded']).meta({ id: 'RunStatus' }),
    created_at: time,
    file_ids: z.array(z.string()).nullable().optional(),
    outputs: z.array(nameValue).nullable().optional(),
  })
  .meta({ id: 'RunResource' });
const runsV2 = page(runV2).meta({ id: 'ListResponse' });

export const createRunV2 = z
  .strictObject({
    name: words(100),
    process_id: resourceId,
    agent_id: resourceId,
    stage,
    inputs: few(
      z.strictObject({
        name: words(100).refine((name) => name !== '__proto__', 'must not be __proto__'),
        value: z.union([z.string(), jsonNumber], 'must be a text or a number'),
      }),
    )
      .refine((inputs) => new Set(inputs.map(({ name }) => name)).size === inputs.length, 'must not name an input twice')
      .nullish()
      .meta({ description: 'Inputs to the process' }),
    file_ids: few(z.string()).nullish(),
  })
  .meta({ id: 'CreateRunRequest' });

const processV2 = z
  .object({ id: resourceId, name: z.string(), agent_id: resourceId, description: z.string().nullable(), created_at: time })
  .meta({ id: 'ProcessResource' });
const processesV2 = page(processV2).meta({ id: 'ProcessList' });

/** A run in the v2 dialect. */
export const runV2View = (run: Run) => ({
  id: run.id,
  name: firstWords(run.name, 100),
  process_id: run.workflowId,
  agent_id: run.project,
  stage: run.stage,
  // A run that a failure keeps waiting for somebody is what the contract calls an exception.
  status: run.exceptions && run.status === 'waiting' ? 'Exception' : RUN_STATUS[run.status].v2,
  created_at: run.createdAt,
});

/** The contract knows whole values only, so they are cut as late as can be. */
const V2_OUTPUTS_BYTES = 2.5 * 1024 * 1024;
const V2_START_CHARS = 1000;

/** Numbers and strings as they are, anything else as JSON text. Values that no answer could hold are cut, and say so. */
export function outputsV2View(outputs: object, whole: string) {
  const listed = Object.entries(outputs).map(([name, value]: [string, unknown]) => ({
    name: firstWords(name, 100),
    value: typeof value === 'string' || jsonNumber.safeParse(value).success ? value : JSON.stringify(value ?? null),
  }));
  const share = V2_OUTPUTS_BYTES / Math.max(1, listed.length);
  const cut = ({ name, value }: (typeof listed)[number]) => {
    const bytes = Buffer.byteLength(JSON.stringify(value));
    if (bytes <= share) return { name, value };
    return { name, value: `${firstWords(String(value), V2_START_CHARS)}... (cut: ${bytes} bytes; the whole: ${whole})` };
  };
  return Buffer.byteLength(JSON.stringify(listed)) <= V2_OUTPUTS_BYTES ? listed : listed.map(cut);
}

export const processV2View = (workflow: Workflow) => ({
  id: workflow.id,
  name: workflow.title ?? workflow.name,
  agent_id: workflow.project,
  description: workflow.description ?? null,
  created_at: workflow.createdAt,
});

/** The v2 dialect: exactly the contract's three run operations, with health and processes beside them. */
export const v2 = {
  healthV2: operation({
    method: 'GET',
    path: '/v2/health',
    entry: 'api/docs',
    summary: 'Health',
    tag: 'health',
    open: true,
    responses: { 200: z.object({ status: z.literal('ok') }).meta({ id: 'Health' }) },
  }),
  listProcessesV2: operation({
    method: 'GET',
    path: '/v2/processes',
    entry: 'api/read-workflows',
    summary: 'List processes of an agent',
    tag: 'processes',
    query: z.strictObject({ agent_id: resourceId, ...listQuery(10) }),
    responses: { 200: processesV2 },
  }),
  getProcessV2: operation({
    method: 'GET',
    path: '/v2/processes/{process_id}',
    entry: 'api/read-workflows',
    summary: 'Get a process',
    tag: 'processes',
    params: z.object({ process_id: resourceId }),
    query: z.strictObject({ agent_id: resourceId }),
    responses: { 200: processV2 },
  }),
  listRunsV2: operation({
    method: 'GET',
    path: '/v2/runs',
    entry: 'api/read-runs',
    summary: 'List Runs',
    tag: 'runs',
    query: z.strictObject({ process_id: anyId, agent_id: anyId, stage: stage.optional(), ...listQuery(10) }),
    responses: { 200: runsV2 },
  }),
  createRunV2: operation({
    method: 'POST',
    path: '/v2/runs',
    entry: 'api/start-runs',
    summary: 'Start a Run',
    act: 'run.start',
    tag: 'runs',
    role: 'operator',
    keyed: true,
    body: createRunV2,
    responses: { 201: runV2, 200: runV2 },
  }),
  getRunV2: operation({
    method: 'GET',
    path: '/v2/runs/{run_id}',
    entry: 'api/read-runs',
    summary: 'Get Run',
    tag: 'runs',
    params: z.object({ run_id: anyId }),
    responses: { 200: runV2 },
  }),
};
