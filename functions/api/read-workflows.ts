import { projectOf } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { processV2View, v2 } from '../../shared/api/v2.ts';
import { ok } from '../../shared/edge/answer.ts';
import { entityTag } from '../../shared/edge/entity-tag.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import * as env from '../../shared/kernel/env.ts';
import { notFound, Problem } from '../../shared/kernel/problem.ts';
import { diffOf } from '../../shared/workflow/definition-diff.ts';
import { maintenanceShown } from '../../shared/workflow/maintenance.http.ts';
import { closedUntil } from '../../shared/workflow/maintenance.ts';
import { workflows as workflowsOperations } from '../../shared/workflow/operations.http.ts';
import { retentionShown } from '../../shared/workflow/retention.http.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import {
  versionDetailView,
  versionView,
  workflowDetailView,
  workflowDiffView,
  workflowView,
} from '../../shared/workflow/workflow.http.ts';
import type { Workflow } from '../../shared/workflow/workflow.ts';
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
  const page = { limit: query.limit, token: query.continuation_token };
  return ok(pageView(await workflows.list({ workspace: caller.workspace, project }, page), processV2View));
}

export async function getProcessV2({ params, query, caller }: RequestOf<'getProcessV2'>, services: Services) {
  return ok(processV2View(await workflowOf(services, caller, params.process_id, { project: query.agent_id })));
}

export async function listWorkflows({ query, caller }: RequestOf<'listWorkflows'>, { workflows }: Services) {
  const filter = { workspace: caller.workspace, project: projectOf(caller, query.project_id), q: query.q };
  const found = await workflows.list(filter, { limit: query.limit, token: query.continuation_token });
  return ok({ ...pageView(found, workflowView), searched_to: found.searchedTo ?? null });
}

export async function getWorkflow({ params, caller }: RequestOf<'getWorkflow'>, services: Services) {
  const workflow = await workflowOf(services, caller, params.workflow_id);
  const [draft, versions] = await Promise.all([
    services.workflows.definition(workflow.id, workflow.draft.definition),
    services.workflows.versions(workflow.id, NEWEST_VERSIONS),
  ]);
  if (!draft) throw notFound('definition', workflow.draft.definition);
  return { status: 200, body: workflowDetailView(workflow, draft, versions.items), headers: entityTag(draft.hash) };
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

export async function diffWorkflow({ params, query, caller }: RequestOf<'diffWorkflow'>, { workflows }: Services) {
  const workflow = await workflowOf({ workflows }, caller, params.workflow_id);
  const newest = workflow.published && String(workflow.published.version);
  const { from = newest, to = 'draft' } = query;
  if (from === undefined)
    throw new Problem('invalid', `Workflow "${workflow.name}" has no published version; say which definition to compare from.`, [
      { name: 'from', value: 'no version' },
    ]);
  const [before, after] = await Promise.all([
    definitionNamed(workflows, workflow, from),
    definitionNamed(workflows, workflow, to),
  ]);
  return ok(workflowDiffView(before, after, diffOf(before.checked, after.checked)));
}

async function definitionNamed(workflows: Workflows, workflow: Workflow, name: string) {
  const version = name === 'draft' ? undefined : await workflows.version(workflow.id, Number(name));
  const hash = name === 'draft' ? workflow.draft.definition : version?.definition;
  const [definition, checked] =
    hash === undefined ? [] : await Promise.all([workflows.definition(workflow.id, hash), workflows.checked(workflow.id, hash)]);
  if (!definition || !checked) throw notFound('version', name);
  return { version: version?.number ?? null, definition, checked };
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
  {
    listProcessesV2,
    getProcessV2,
    listWorkflows,
    getWorkflow,
    listVersions,
    getVersion,
    diffWorkflow,
    getRetention,
    getMaintenance,
  },
  () => ({
    workflows: workflows(),
    retentionDays: env.retentionDays(),
    now,
  }),
);
