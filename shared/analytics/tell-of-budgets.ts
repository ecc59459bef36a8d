import type { Run } from '../run/model/run.ts';
import type { Subscribers } from '../subscription/subscribers.ts';
import type { SubscribedEvent } from '../subscription/subscription.ts';
import { type Budget, isFor, ownerOf, periodAt, stateOfBudget } from '../usage/budget.ts';
import type { Workflows } from '../workflow/workflows.ts';
import type { CountedSpending } from './spending.ts';

export interface BudgetWatchServices {
  workflows: Pick<Workflows, 'budgets'>;
  spending: Pick<CountedSpending, 'spent'>;
  subscribers: Subscribers;
  now: () => Date;
}

const TOLD = ['budget.warned', 'budget.exhausted'] as const;

/** Tells subscribers of budgets that what has just been counted has brought to their bounds: once in each day or month. */
export async function tellOfBudgets(
  services: BudgetWatchServices,
  runs: readonly Pick<Run, 'workspace' | 'project' | 'workflowId'>[],
): Promise<void> {
  for (const [workspace, some] of Map.groupBy(runs, (run) => run.workspace)) {
    if (!(await services.subscribers.want(workspace, TOLD))) continue;
    const budgets = await services.workflows.budgets(workspace);
    const touched = budgets.filter((budget) => some.some(({ workflowId: id, project }) => isFor(budget, { id, project })));
    const events = await Promise.all(touched.map((budget) => eventOf(services, workspace, budget)));
    await services.subscribers.tell(events.filter((event) => event !== undefined));
  }
}

async function eventOf(
  { spending, now }: BudgetWatchServices,
  workspace: string,
  budget: Budget,
): Promise<SubscribedEvent | undefined> {
  const at = now();
  const spent = await spending.spent(workspace, budget, 'now');
  const state = stateOfBudget(budget, spent);
  if (state === 'within') return undefined;
  const { projectId, workflowId, per, warnAt, stopAt, overdraft } = budget;
  const { from, next } = periodAt(per, at);
  return {
    // Another bound is another thing to be told of.
    id: [workspace, projectId ?? '', workflowId ?? '', per, from, state, state === 'warned' ? warnAt : stopAt].join('/'),
    type: `budget.${state}`,
    at: at.toISOString(),
    since: `${from}:00:00.000Z`,
    workspace,
    project: projectId,
    workflowId,
    data: {
      budget: {
        of: ownerOf(budget),
        project_id: projectId ?? null,
        workflow_id: workflowId ?? null,
        per,
        spent,
        warn_at: warnAt ?? null,
        stop_at: stopAt ?? null,
        overdraft,
        begins_anew_at: next,
      },
    },
  };
}
