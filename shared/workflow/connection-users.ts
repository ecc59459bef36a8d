import type { Workflow } from './workflow.ts';
import type { Workflows } from './workflows.ts';

const PAGE = 100;
/** A project has hundreds of workflows rather than thousands. */
const MOST_PAGES = 20;

/** The workflows of a connection's project that list it. */
export async function usersOf(
  workflows: Pick<Workflows, 'list'>,
  { workspace, project, name }: { workspace: string; project: string; name: string },
): Promise<Workflow[]> {
  const users: Workflow[] = [];
  let token: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page = await workflows.list({ workspace, project }, { limit: PAGE, token });
    users.push(...page.items.filter(({ connections = [] }) => connections.includes(name)));
    token = page.next;
    if (token === undefined) break;
  }
  return users;
}
