import { visible } from '../access/tenancy.ts';
import { isResourceId } from '../edge/schema.ts';
import { notFound } from '../kernel/problem.ts';
import type { Caller } from '../kernel/role.ts';
import type { Workflow } from './workflow.ts';
import type { Workflows } from './workflows.ts';

/** The workflow, if the caller may see it (and it is in that project). Deleted ones are found only where their runs are read. */
export async function workflowOf(
  { workflows }: { workflows: Workflows },
  caller: Caller,
  id: string,
  { project, deleted = false }: { project?: string; deleted?: boolean } = {},
): Promise<Workflow> {
  const workflow = visible(caller, 'workflow', id, isResourceId(id) ? await workflows.get(id) : undefined);
  const isElsewhere = project !== undefined && workflow.project !== project;
  if (isElsewhere || (workflow.deletedAt && !deleted)) throw notFound('workflow', id);
  return workflow;
}

/** Names of workflows by their ids, as far as they are there; whoever asks has seen that the caller may see them. */
export async function namesOf({ workflows }: { workflows: Workflows }, ids: string[]): Promise<Map<string, string>> {
  const found = await Promise.all([...new Set(ids)].map((id) => workflows.get(id)));
  return new Map(found.flatMap((workflow) => (workflow ? [[workflow.id, workflow.name] as const] : [])));
}
