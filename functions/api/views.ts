import { maySee, projectOf } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { noContent, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import { notFound, Problem } from '../../shared/kernel/problem.ts';
import { allows, type Caller } from '../../shared/kernel/role.ts';
import { views as viewsOperations } from '../../shared/view/operations.http.ts';
import { saveView as saved } from '../../shared/view/save-view.ts';
import { savedViewView } from '../../shared/view/saved-view.http.ts';
import type { SavedView, SavedViews } from '../../shared/view/saved-view.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import type { Workflows } from '../../shared/workflow/workflows.ts';
import { now, recorder, savedViews, workflows } from '../adapters.ts';

interface Services {
  views: SavedViews;
  workflows: Workflows;
  now: () => Date;
}

export async function listViews({ caller }: RequestOf<'listViews'>, { views }: Services) {
  const [own, shared] = await Promise.all([views.own(caller.workspace, caller.id), views.shared(caller.workspace)]);
  const others = shared.filter((view) => view.owner.id !== caller.id && maySee(caller, view));
  return ok({ items: [...own, ...others].map((view) => savedViewView(view, caller)) });
}

export async function saveView({ params, body, caller }: RequestOf<'saveView'>, services: Services) {
  const { filter, shared, last, columns } = body;
  if (shared) checkRole(caller, 'operator', 'To share a view');
  const project = await projectIn(services, caller, filter);
  const request = {
    workspace: caller.workspace,
    ...(project !== undefined && { project }),
    owner: actorOf(caller),
    name: params.view_name,
    shared,
    filter,
    ...(last !== undefined && { last }),
    ...(columns !== undefined && { columns }),
  };
  return ok(savedViewView(await saved(services, request), caller));
}

/** Whom it is about: who may not see that has nothing of it. */
async function projectIn(
  services: Services,
  caller: Caller,
  { workflow_id, project_id }: RequestOf<'saveView'>['body']['filter'],
): Promise<string | undefined> {
  const project = projectOf(caller, project_id);
  if (workflow_id === undefined) return project;
  const of = { deleted: true, ...(project !== undefined && { project }) };
  return (await workflowOf(services, caller, workflow_id, of)).project;
}

export async function deleteView({ params, query, caller }: RequestOf<'deleteView'>, { views }: Services) {
  const { view_name: name } = params;
  const { owner_id: ownerId = caller.id } = query;
  const isOwn = ownerId === caller.id;
  if (!isOwn) checkRole(caller, 'admin', 'To delete what others share');
  const found = (await views.own(caller.workspace, ownerId)).find((view) => view.name === name);
  if (!found || !(isOwn || isSeen(caller, found))) throw notFound('view', name);
  await views.remove(found);
  return noContent();
}

const isSeen = (caller: Caller, view: SavedView) => view.shared && maySee(caller, view);

function checkRole({ role, name }: Caller, needed: 'operator' | 'admin', what: string): void {
  if (!allows(role, needed)) throw new Problem('forbidden', `${what} needs the role ${needed}; "${name}" has the role ${role}.`);
}

export const handler = http(
  viewsOperations,
  { listViews, saveView, deleteView },
  () => ({ views: savedViews(), workflows: workflows(), now }),
  recorder,
);
