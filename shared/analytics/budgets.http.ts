import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { resourceId, time } from '../edge/schema.ts';
import { camelCased, viewOf } from '../edge/snake-case.ts';
import { type Budget, periodAt, stateOfBudget } from '../usage/budget.ts';

const MOST_BUDGETS = 100;
const credits = z.number().positive().max(1e12);

const given = z.strictObject({
  project_id: resourceId
    .optional()
    .meta({ description: 'Of this project; of the whole workspace without it and without a workflow' }),
  workflow_id: resourceId.optional(),
  per: z.enum(['day', 'month']).meta({ description: 'In UTC' }),
  warn_at: credits.optional().meta({ description: 'Credits from which on it is `warned`' }),
  stop_at: credits.optional().meta({ description: 'Credits from which on starts are refused' }),
  overdraft: z.boolean().default(false).meta({ description: 'Starts are not refused: it only shows' }),
});

const shown = z
  .object({
    project_id: z.string().nullable(),
    workflow_id: z.string().nullable(),
    per: z.enum(['day', 'month']),
    warn_at: z.number().nullable(),
    stop_at: z.number().nullable(),
    overdraft: z.boolean(),
    spent: z.number().meta({ description: 'Credits of runs that have ended' }),
    state: z.enum(['within', 'warned', 'exhausted']),
    begins_anew_at: time,
  })
  .meta({ id: 'Budget' });
const list = z.object({ items: z.array(shown) }).meta({ id: 'Budgets' });

const at = { tag: 'usage', entry: 'api/analytics', path: '/v1/budgets' } as const;

export const budgetOperations = {
  getBudgets: operation({ ...at, method: 'GET', summary: 'What may be spent, and what has been', responses: { 200: list } }),
  putBudgets: operation({
    ...at,
    method: 'PUT',
    summary: 'Say what may be spent in a day or a month: all budgets together',
    role: 'admin',
    act: 'workspace.change',
    body: z.strictObject({ items: z.array(camelCased(given)).max(MOST_BUDGETS) }),
    responses: { 200: list },
  }),
};

export const budgetView = (budget: Budget, spent: number, now: Date) =>
  viewOf(shown, { ...budget, spent, state: stateOfBudget(budget, spent), beginsAnewAt: periodAt(budget.per, now).next });
