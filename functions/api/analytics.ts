import { ofWholeWorkspace, projectOf } from '../../shared/access/tenancy.ts';
import { failureView, figuresView, stepFiguresView, trendView, workflowView } from '../../shared/analytics/analytics.http.ts';
import { budgetOperations, budgetView } from '../../shared/analytics/budgets.http.ts';
import type { CountServices } from '../../shared/analytics/count-runs.ts';
import type { CounterQuery, ReadRow } from '../../shared/analytics/counters.ts';
import { failureFigures, runFigures, stepFigures, totalOf } from '../../shared/analytics/figures.ts';
import { bucketed, endOf, type HourRange, startOf } from '../../shared/analytics/hours.ts';
import { analytics } from '../../shared/analytics/operations.http.ts';
import { rangeOf } from '../../shared/analytics/range.ts';
import { recount } from '../../shared/analytics/recount.ts';
import {
  actionView,
  csvOf,
  dayView,
  projectView,
  usageOperations,
  wantsCsv,
  workflowUsageView,
} from '../../shared/analytics/usage.http.ts';
import { actionFigures, usageFigures } from '../../shared/analytics/usage-figures.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import type { Audit } from '../../shared/audit/audit.ts';
import { recordFirst } from '../../shared/audit/record-first.ts';
import { ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { aside } from '../../shared/kernel/acting.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { isTerminal, RUN_STATUSES } from '../../shared/run/model/status.ts';
import type { Spending } from '../../shared/run/start/start-request.ts';
import type { Budget } from '../../shared/usage/budget.ts';
import { namesOf, workflowOf } from '../../shared/workflow/visible.http.ts';
import type { Workflows } from '../../shared/workflow/workflows.ts';
import { audit, counters, engineServices, recorder } from '../adapters.ts';

type Services = CountServices & { workflows: Workflows; now: () => Date };
type Scope = Pick<CounterQuery, 'workspace' | 'project' | 'workflowId'>;

const LIVE = RUN_STATUSES.filter((status) => !isTerminal(status));
/** Less than a request may take. */
const RECOUNT_MS = 15_000;

export async function getAnalyticsOverview(
  { query, caller }: RequestOf<'getAnalyticsOverview'>,
  { runs, counters, now, ...services }: Services,
) {
  const { bucket, timezone } = query;
  const range = rangeOf(query, now());
  const scope = await scopeOf(services, caller, query);
  const of = scope.workflowId === undefined ? 'project' : 'workflow';
  const [live, { rows, searchedTo }] = await Promise.all([
    runs.count({ ...scope, status: LIVE, archived: 'any' }),
    counters.read({ ...scope, of, ...range }),
  ]);
  const byHour = Map.groupBy(rows, ({ name }) => name.hour);
  const trend = bucketed(range, bucket, timezone).map(({ start, hours }) =>
    trendView(start, runFigures(totalOf(hours.flatMap((hour) => byHour.get(hour) ?? [])))),
  );
  return ok({ ...within(range, searchedTo), live, ...figuresView(runFigures(totalOf(rows))), bucket, trend });
}

export async function getWorkflowAnalytics({ query, caller }: RequestOf<'getWorkflowAnalytics'>, services: Services) {
  const range = rangeOf(query, services.now());
  const scope = await scopeOf(services, caller, query);
  const { rows, searchedTo } = await services.counters.read({ ...scope, of: 'workflow', ...range });
  const all = [...Map.groupBy(rows, workflowIdOf)].map(([workflowId, some]) => ({
    workflowId,
    projectId: some[0]?.name.project ?? '',
    ...runFigures(totalOf(some)),
  }));
  const items = all.toSorted((a, b) => b.runs - a.runs || (a.workflowId < b.workflowId ? 1 : -1)).slice(0, query.limit);
  const names = await namesOf(
    services,
    items.map(({ workflowId }) => workflowId),
  );
  return ok({ ...within(range, searchedTo), items: items.map((item) => workflowView(item, names)) });
}

export async function getStepAnalytics({ query, caller }: RequestOf<'getStepAnalytics'>, services: Services) {
  const range = rangeOf(query, services.now());
  const scope = await scopeOf(services, caller, query);
  const { rows, searchedTo } = await services.counters.read({ ...scope, of: 'steps', ...range });
  return ok({ ...within(range, searchedTo), items: stepFigures(totalOf(rows)).map(stepFiguresView) });
}

export async function getFailureAnalytics({ query, caller }: RequestOf<'getFailureAnalytics'>, services: Services) {
  const range = rangeOf(query, services.now());
  const scope = await scopeOf(services, caller, query);
  const { rows, searchedTo } = await services.counters.read({ ...scope, of: 'failure', ...range });
  const items = failureFigures(rows).slice(0, query.limit);
  const names = await namesOf(
    services,
    items.map(({ workflowId }) => workflowId),
  );
  return ok({ ...within(range, searchedTo), items: items.map((item) => failureView(item, names)) });
}

export async function getUsage({ query, caller, accept }: RequestOf<'getUsage'>, services: Services) {
  const { by } = query;
  const range = rangeOf(query, services.now());
  const scope = await scopeOf(services, caller, query);
  const of = by === 'workflow' || scope.workflowId !== undefined ? 'workflow' : 'project';
  const { rows, searchedTo } = await services.counters.read({ ...scope, of, ...range });
  const items = await usageItems(services, rows, range, query);
  if (wantsCsv(accept)) return { ...ok(csvOf(by, items)), headers: { 'content-type': 'text/csv; charset=utf-8' } };
  return ok({ ...within(range, searchedTo), by, credits: usageFigures(totalOf(rows)).credits, items });
}

async function usageItems(
  services: Services,
  rows: ReadRow[],
  range: HourRange,
  { by, timezone }: RequestOf<'getUsage'>['query'],
): Promise<object[]> {
  if (by === 'action') return actionFigures(totalOf(rows)).map(actionView);
  if (by === 'day') {
    const byHour = Map.groupBy(rows, ({ name }) => name.hour);
    return bucketed(range, 'day', timezone).map(({ start, hours }) =>
      dayView({ day: start, ...usageFigures(totalOf(hours.flatMap((hour) => byHour.get(hour) ?? []))) }),
    );
  }
  const groups = Map.groupBy(rows, (row) => (by === 'project' ? row.name.project : workflowIdOf(row)));
  const all = [...groups].map(([id, some]) => ({ id, projectId: some[0]?.name.project ?? '', ...usageFigures(totalOf(some)) }));
  const sorted = all.toSorted((a, b) => b.credits - a.credits || (a.id < b.id ? -1 : 1));
  if (by === 'project') return sorted.map(projectView);
  const names = await namesOf(
    services,
    sorted.map(({ id }) => id),
  );
  return sorted.map((item) => workflowUsageView({ workflowId: item.id, workflowName: names.get(item.id), ...item }));
}

export async function getBudgets({ caller }: RequestOf<'getBudgets'>, services: BudgetServices) {
  const { workspace, project } = caller;
  const budgets = await services.workflows.budgets(workspace, 'now');
  return budgetsOf(services, workspace, project === undefined ? budgets : budgets.filter((one) => one.projectId === project));
}

export async function putBudgets({ body, caller }: RequestOf<'putBudgets'>, services: BudgetServices) {
  ofWholeWorkspace(caller);
  const budgets: Budget[] = [];
  for (const item of body.items) {
    const { workflowId, projectId: named, ...amounts } = item;
    // A workflow is of one project.
    const { project: projectId } = await scopeOf(services, caller, { project_id: named, workflow_id: workflowId });
    budgets.push({ ...amounts, ...(projectId !== undefined && { projectId }), ...(workflowId !== undefined && { workflowId }) });
  }
  await services.workflows.setBudgets(caller.workspace, budgets);
  return budgetsOf(services, caller.workspace, budgets);
}

type BudgetServices = Services & { spending: Spending };

async function budgetsOf({ spending, now }: BudgetServices, workspace: string, budgets: Budget[]) {
  const items = await Promise.all(
    budgets.map(async (budget) => budgetView(budget, await spending.spent(workspace, budget, 'now'), now())),
  );
  return ok({ items });
}

export async function recountRuns({ body, caller }: RequestOf<'recountRuns'>, services: Services & { audit: Audit }) {
  const { from, to, continuation_token: token } = body;
  const { workspace, project } = caller;
  // Each piece of a recount is a part of the same act.
  if (token === undefined) await recordFirst(services.audit, { object: 'counters', id: 'counters', project }, services.now());
  const until = new Date(services.now().getTime() + RECOUNT_MS);
  const { next, ...done } = await aside(() => recount(services, { workspace, project, from, to }, { token, until }));
  return ok({ ...done, continuation_token: next ?? null });
}

/** What the caller may see of what the query names. A workflow is of one project. */
async function scopeOf(
  services: Pick<Services, 'workflows'>,
  caller: Caller,
  { project_id, workflow_id }: { project_id?: string | undefined; workflow_id?: string | undefined },
): Promise<Scope> {
  const { workspace } = caller;
  const project = projectOf(caller, project_id);
  if (workflow_id === undefined) return { workspace, project };
  const named = { deleted: true, ...(project !== undefined && { project }) };
  const workflow = await workflowOf(services, caller, workflow_id, named);
  return { workspace, project: workflow.project, workflowId: workflow.id };
}

const within = (range: HourRange, searchedTo: string | undefined) => ({
  from: startOf(range.from),
  to: endOf(range.to),
  searched_to: searchedTo === undefined ? null : startOf(searchedTo),
});

const workflowIdOf = ({ name }: ReadRow) => ('workflowId' in name ? name.workflowId : '');

export const handler = http(
  { ...analytics, ...usageOperations, ...budgetOperations },
  {
    getAnalyticsOverview,
    getWorkflowAnalytics,
    getStepAnalytics,
    getFailureAnalytics,
    getUsage,
    getBudgets,
    putBudgets,
    recountRuns,
  },
  () => ({ ...engineServices(), counters: counters(), audit: audit() }),
  recorder,
);
