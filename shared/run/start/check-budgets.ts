import { Problem } from '../../kernel/problem.ts';
import { isFor, ownerOf, periodAt, stateOfBudget } from '../../usage/budget.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import type { StartServices } from './start-request.ts';

/** Throws `conflict` for a start whose budget is used up. */
export async function checkBudgets({ workflows, spending, now }: StartServices, workflow: Workflow): Promise<void> {
  const budgets = await workflows.budgets(workflow.workspace);
  for (const budget of budgets.filter((one) => one.stopAt !== undefined && !one.overdraft && isFor(one, workflow))) {
    const spent = await spending.spent(workflow.workspace, budget);
    if (stateOfBudget(budget, spent) !== 'exhausted') continue;
    const { next } = periodAt(budget.per, now());
    throw new Problem(
      'conflict',
      `The budget of ${ownerOf(budget)} is used up: ${spent} of ${budget.stopAt} credits this ${budget.per}. It begins anew at ${next}; an admin can raise it or allow an overdraft (PUT /v1/budgets).`,
      [
        { name: 'stop_at', value: budget.stopAt ?? 0 },
        { name: 'spent', value: spent },
      ],
    );
  }
}
