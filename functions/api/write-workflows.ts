import { ofWholeWorkspace, projectOf } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { type Answer, ok } from '../../shared/edge/answer.ts';
import { entityTag } from '../../shared/edge/entity-tag.ts';
import { http } from '../../shared/edge/http.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import * as env from '../../shared/kernel/env.ts';
import { notFound, Problem } from '../../shared/kernel/problem.ts';
import { maintenanceShown } from '../../shared/workflow/maintenance.http.ts';
import { checkMaintenance, closedUntil } from '../../shared/workflow/maintenance.ts';
import { workflows as workflowsOperations } from '../../shared/workflow/operations.http.ts';
import { outlineOf } from '../../shared/workflow/outline.ts';
import { retentionShown } from '../../shared/workflow/retention.http.ts';
import { checkDays } from '../../shared/workflow/retention.ts';
import * as workflow from '../../shared/workflow/save-workflow.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import { checkedView, draftConflictView, workflowDetailView } from '../../shared/workflow/workflow.http.ts';
import type { Workflow } from '../../shared/workflow/workflow.ts';
import { now, recorder, workflows } from '../adapters.ts';

type Services = workflow.WorkflowServices;

const NEWEST_VERSIONS = 10;

export async function createWorkflow({ body, caller }: RequestOf<'createWorkflow'>, services: Services) {
  projectOf(caller, body.project_id);
  const owner = { workspace: caller.workspace, project: body.project_id, actor: actorOf(caller) };
  const saved = await workflow.createWorkflow(services, owner, workflow.textOf(body.definition));
  return withTag(workflowDetailView(saved.workflow, saved.definition, [], saved.warnings), 201);
}

export const checkWorkflow = async ({ body }: RequestOf<'checkWorkflow'>) =>
  ok(checkedView(outlineOf(workflow.textOf(body.definition))));

export async function saveDraft(request: RequestOf<'saveDraft'>, services: Services): Promise<Answer> {
  const { params, body, caller, ifMatch } = request;
  const text = workflow.textOf(body.definition);
  const seen = await workflowOf(services, caller, params.workflow_id);
  const moved = () => workflowOf(services, caller, seen.id).then((now) => workflow.draftMoved(services, now, text, ifMatch));
  const before = await workflow.draftMoved(services, seen, text, ifMatch);
  if (before) return conflict(before);
  try {
    const saved = await workflow.saveDraft(services, seen, text, actorOf(caller));
    const { items } = await services.workflows.versions(seen.id, NEWEST_VERSIONS);
    return withTag(workflowDetailView(saved.workflow, saved.definition, items, saved.warnings));
  } catch (error) {
    // Somebody was faster.
    const after = error instanceof Problem && error.kind === 'conflict' ? await moved() : undefined;
    if (after) return conflict(after);
    throw error;
  }
}

const conflict = (moved: workflow.DraftMoved): Answer => ({
  status: 409,
  body: draftConflictView(moved),
  headers: entityTag(moved.current.hash),
});

/** A workflow, with the tag that a change of its draft may name. */
const withTag = (view: ReturnType<typeof workflowDetailView>, status = 200): Answer => ({
  status,
  body: view,
  headers: entityTag(view.draft.definition),
});

export async function updateWorkflow({ params, body, caller }: RequestOf<'updateWorkflow'>, services: Services) {
  const seen = await workflowOf(services, caller, params.workflow_id);
  return withTag(await detail(services, await workflow.updateWorkflow(services, seen, body)));
}

export async function putRetention({ body, caller }: RequestOf<'putRetention'>, { workflows, retentionDays }: Services) {
  ofWholeWorkspace(caller);
  checkDays(body, retentionDays);
  await workflows.keepFor(caller.workspace, body);
  return ok(retentionShown(body, retentionDays));
}

export async function putMaintenance({ body, caller }: RequestOf<'putMaintenance'>, { workflows, now }: Services) {
  ofWholeWorkspace(caller);
  const window = body.window ?? undefined;
  if (window) checkMaintenance(window);
  await workflows.maintain(caller.workspace, window);
  return ok(maintenanceShown(window, closedUntil(window, now()) !== undefined));
}

async function detail({ workflows }: Services, row: Workflow) {
  const [draft, versions] = await Promise.all([
    workflows.definition(row.id, row.draft.definition),
    workflows.versions(row.id, NEWEST_VERSIONS),
  ]);
  if (!draft) throw notFound('definition', row.draft.definition);
  return workflowDetailView(row, draft, versions.items);
}

export const handler = http(
  workflowsOperations,
  { createWorkflow, checkWorkflow, saveDraft, updateWorkflow, putRetention, putMaintenance },
  () => ({
    workflows: workflows(),
    retentionDays: env.retentionDays(),
    now,
  }),
  recorder,
);
