import * as z from 'zod';

/** What may be spent in a day or a month (UTC): by the workspace, by a project of it, or by a workflow. */
export const budget = z.object({
  projectId: z.string().optional(),
  /** Of that project. */
  workflowId: z.string().optional(),
  per: z.enum(['day', 'month']),
  /** Credits from which on it is shown as nearly spent. */
  warnAt: z.number().optional(),
  /** Credits from which on nothing is started, unless an overdraft is allowed. */
  stopAt: z.number().optional(),
  overdraft: z.boolean().default(false),
});
export type Budget = z.infer<typeof budget>;

/** Whether what is spent on a workflow is spent of it. */
export const isFor = ({ projectId, workflowId }: Budget, workflow: { id: string; project: string }): boolean =>
  (projectId === undefined || projectId === workflow.project) && (workflowId === undefined || workflowId === workflow.id);

/** What it is the budget of, in words. */
export function ownerOf({ projectId, workflowId }: Budget): string {
  if (workflowId !== undefined) return `workflow ${workflowId}`;
  return projectId === undefined ? 'the workspace' : `project "${projectId}"`;
}

/** The day or month that a time is in: from its first hour, `YYYY-MM-DDTHH`, and when the next begins. */
export function periodAt(per: Budget['per'], now: Date): { from: string; next: string } {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  const first = per === 'day' ? Date.UTC(year, month, day) : Date.UTC(year, month, 1);
  const next = per === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1);
  return { from: new Date(first).toISOString().slice(0, 'YYYY-MM-DDTHH'.length), next: new Date(next).toISOString() };
}

/** How far it is spent. */
export type BudgetState = 'within' | 'warned' | 'exhausted';

export function stateOfBudget({ warnAt, stopAt }: Budget, spent: number): BudgetState {
  if (stopAt !== undefined && spent >= stopAt) return 'exhausted';
  return warnAt !== undefined && spent >= warnAt ? 'warned' : 'within';
}
