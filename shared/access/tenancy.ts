import { notFound, Problem } from '../kernel/problem.ts';
import type { Caller } from '../kernel/role.ts';

/** What belongs to a project; to the whole workspace when it has none. */
interface Owned {
  workspace: string;
  project?: string | undefined;
}

/** Whether the caller may see it: the one answer for every route. A key of one project sees that project alone. */
export const maySee = (caller: Caller, { workspace, project }: Owned) =>
  workspace === caller.workspace && (caller.project === undefined || caller.project === project);

/** What was found, if the caller may see it. Throws `not-found` otherwise: what belongs to others does not exist. */
export function visible<T extends Owned>(caller: Caller, kind: string, id: string, found: T | undefined): T {
  if (!found || !maySee(caller, found)) throw notFound(kind, id);
  return found;
}

/** Throws `forbidden` for whoever is of one project: what is asked for is of the whole workspace. */
export function ofWholeWorkspace({ kind, name, project }: Caller): void {
  if (project !== undefined)
    throw new Problem('forbidden', `The ${kind} "${name}" is of project "${project}"; this is of the whole workspace.`);
}

/** The project that a request is about: the one it names, else that of the caller's key. Throws `not-found` for one that the caller may not see. */
export function projectOf(caller: Caller, named: string | undefined, kind = 'project'): string | undefined {
  const project = named ?? caller.project;
  if (project !== undefined && !maySee(caller, { workspace: caller.workspace, project })) throw notFound(kind, project);
  return project;
}
