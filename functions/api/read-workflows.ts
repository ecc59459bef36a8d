import { projectOf } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { processV2View, v2 } from '../../shared/api/v2.ts';
import { ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import * as env from '../../shared/kernel/env.ts';
import { notFound } from '../../shared/kernel/problem.ts';
import { maintenanceShown } from '../../shared/workflow/maintenance.http.ts';
import { closedUntil } from '../../shared/workflow/maintenance.ts';
import { workflows as workflowsOperations } from '../../shared/workflow/operations.http.ts';
import { retentionShown } from '../../shared/workflow/retention.http.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import { versionDetailView, versionView, workflowDetailView, workflowView } from '../../shared/workflow/workflow.http.ts';
import type { Workflows } from '../../shared/workflow/workflows.ts';
import { now, workflows } from '../adapters.ts';

interface Services {
  workflows: Workflows;
  retentionDays: number;
  now: () => Date;
}

const NEWEST_VERSIONS = 10;

export async function listProcessesV2({ query, caller }: RequestOf<'listProcessesV2'>, { workflows }: Services) {
  const project = projectOf(caller, query.agent_id, 'agent');
  return ok(pageView(await workflows.list(caller.workspace, project, query.limit, query.continuation_token), processV2View));
}

export async function getProcessV2({ params, query, caller }: RequestOf<'getProcessV2'>, services: Services) {
  return ok(processV2View(await workflowOf(services, caller, params.process_id, { project: query.agent_id })));
}

export async function listWorkflows({ query, caller }: RequestOf<'listWorkflows'>, { workflows }: Services) {
  const project = projectOf(caller, query.project_id);
  return ok(pageView(await workflows.list(caller.workspace, project, query.limit, query.continuation_token), workflowView));
}

export async function getWorkflow({ params, caller }: RequestOf<'getWorkflow'>, services: Services) {
  const workflow = await workflowOf(services, caller, params.workflow_id);
  const [draft, versions] = await Promise.all([
    services.workflows.definition(workflow.id, workflow.draft.definition),
    services.workflows.versions(workflow.id, NEWEST_VERSIONS),
  ]);
  if (!draft) throw notFound('definition', workflow.draft.definition);
  return ok(workflowDetailView(workflow, draft, versions.items));
}

export async function listVersions({ params, query, caller }: RequestOf<'listVersions'>, services: Services) {
  const workflow = await workflowOf(services, caller, params.workflow_id);
  return ok(pageView(await services.workflows.versions(workflow.id, query.limit, query.continuation_token), versionView));
}

export async function getVersion({ params, caller }: RequestOf<'getVersion'>, services: Services) {
  const workflow = await workflowOf(services, caller, params.workflow_id);
  const version = await services.workflows.version(workflow.id, params.version);
  const definition = version && (await services.workflows.definition(workflow.id, version.definition));
  if (!definition) throw notFound('version', String(params.version));
  return ok(versionDetailView(version, definition));
}

export async function getRetention({ caller }: RequestOf<'getRetention'>, { workflows, retentionDays }: Services) {
  return ok(retentionShown(await workflows.retention(caller.workspace, 'now'), retentionDays));
}

export async function getMaintenance({ caller }: RequestOf<'getMaintenance'>, { workflows, now }: Services) {
  const window = await workflows.maintenance(caller.workspace, 'now');
  return ok(maintenanceShown(window, closedUntil(window, now()) !== undefined));
}

export const handler = http(
  { ...v2, ...workflowsOperations },
  { listProcessesV2, getProcessV2, listWorkflows, getWorkflow, listVersions, getVersion, getRetention, getMaintenance },
  () => ({
    workflows: workflows(),
    retentionDays: env.retentionDays(),
    now,
  }),
);
