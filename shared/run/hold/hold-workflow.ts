import { aside } from '../../kernel/acting.ts';
import type { Hold } from '../../kernel/hold.ts';
import { Problem } from '../../kernel/problem.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import type { Workflows } from '../../workflow/workflows.ts';
import { type HoldServices, holdRun, releaseRun } from './hold-run.ts';

type Services = HoldServices & { workflows: Pick<Workflows, 'replace' | 'get'> };

export interface HeldWorkflow {
  workflow: Workflow;
  /** Runs that were reached. */
  runs: number;
  /** False when there are more: the same request goes on with them. */
  isComplete: boolean;
}

const PAGE = 100;
const AT_ONCE = 10;

/** Keeps a workflow and its runs: those that start from now on are born under its hold, those that there are come under it, newest first, while the time lasts. */
export async function holdWorkflow(services: Services, seen: Workflow, mark: Hold, until: Date): Promise<HeldWorkflow> {
  const held = seen.hold ? seen : await changed(services, seen, { hold: mark, holdFrom: undefined });
  return forEachRun(services, held, until, async (run) => {
    await holdRun(services, run, held.hold ?? mark, 'workflowHold');
  });
}

/** Lifts it from the workflow and its runs; those that are under a hold of their own stay under that. */
export async function releaseWorkflow(services: Services, seen: Workflow, until: Date): Promise<HeldWorkflow> {
  const released = seen.hold ? await changed(services, seen, { hold: undefined, holdFrom: undefined }) : seen;
  return forEachRun(services, released, until, async (run) => {
    await releaseRun(services, run, 'workflowHold');
  });
}

async function forEachRun(
  services: Services,
  workflow: Workflow,
  until: Date,
  reach: (run: Awaited<ReturnType<HoldServices['runs']['list']>>['items'][number]) => Promise<void>,
): Promise<HeldWorkflow> {
  const filter = { workspace: workflow.workspace, workflowId: workflow.id, archived: 'any' as const };
  let token = workflow.holdFrom;
  let runs = 0;
  return aside(async () => {
    do {
      const page = await services.runs.list(filter, { limit: PAGE, token });
      for (let at = 0; at < page.items.length; at += AT_ONCE) await Promise.all(page.items.slice(at, at + AT_ONCE).map(reach));
      runs += page.items.length;
      token = page.next;
    } while (token !== undefined && services.now() < until);
    if (token === workflow.holdFrom) return { workflow, runs, isComplete: true };
    return { workflow: await changed(services, workflow, { holdFrom: token }), runs, isComplete: token === undefined };
  });
}

async function changed(services: Services, seen: Workflow, change: Partial<Workflow>): Promise<Workflow> {
  const at = services.now().toISOString();
  const updatedAt = at > seen.updatedAt ? at : new Date(Date.parse(seen.updatedAt) + 1).toISOString();
  const next = { ...seen, ...change, updatedAt };
  if (await services.workflows.replace(seen, next)) return next;
  throw new Problem('conflict', `Workflow "${seen.name}" has been changed by somebody else meanwhile. Try again.`);
}
