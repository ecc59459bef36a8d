import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { anyId, createRunV2, listQuery, processesV2, processV2, resourceId, runsV2, runV2, stage } from './resources.ts';

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
