import { projectOf } from '../../shared/access/tenancy.ts';
import { failureView } from '../../shared/analytics/analytics.http.ts';
import type { Counters } from '../../shared/analytics/counters.ts';
import { failureFigures } from '../../shared/analytics/figures.ts';
import { hoursTouched } from '../../shared/analytics/hours.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { inbox } from '../../shared/inbox/inbox.http.ts';
import { lateness, YOUNG_MS } from '../../shared/inbox/late.ts';
import type { RunFilter } from '../../shared/run/list/filter.ts';
import { isTerminal, RUN_STATUSES, type RunStatus } from '../../shared/run/model/status.ts';
import type { Runs } from '../../shared/run/ports.ts';
import { runEntryView } from '../../shared/run/run.http.ts';
import { taskEntryView } from '../../shared/task/task.http.ts';
import type { TaskFilter, Tasks } from '../../shared/task/task.ts';
import { namesOf } from '../../shared/workflow/visible.http.ts';
import type { Workflows } from '../../shared/workflow/workflows.ts';
import { counters, now, runRows, tasks, workflows } from '../adapters.ts';

interface Services {
  runs: Runs;
  counters: Counters;
  tasks: Pick<Tasks, 'list'>;
  workflows: Workflows;
  now: () => Date;
}
type Scope = Pick<RunFilter, 'workspace' | 'project'>;

const SHOWN = 10;
/** An inbox is looked at all day: nobody needs to know whether it is a hundred or a thousand. */
const LOOKED_AT = 100;
const DAY_MS = 86_400_000;

const LIVE = RUN_STATUSES.filter((status) => !isTerminal(status));
const DRAINING: RunStatus[] = ['draining'];
const RUNNING: RunStatus[] = ['pending', 'running', 'waiting'];

export async function getInbox({ query, caller }: RequestOf<'getInbox'>, services: Services) {
  const scope = { workspace: caller.workspace, project: projectOf(caller, query.project_id) };
  const { email } = caller;
  const [mine, approvals, exceptions, failed, late, draining, running] = await Promise.all([
    email === undefined ? NONE : openTasks(services, { ...scope, assignee: email.toLowerCase() }),
    openTasks(services, { ...scope, kind: 'approval' }),
    openTasks(services, { ...scope, kind: 'exception' }),
    failedLately(services, scope),
    lateRuns(services, scope),
    runsIn(services, scope, DRAINING),
    runsIn(services, scope, RUNNING),
  ]);
  return ok({ mine, approvals, exceptions, failed, late, draining, running });
}

const NONE = { count: 0, exact: true, items: [] };

async function openTasks({ tasks, now }: Services, filter: TaskFilter) {
  const { items, next } = await tasks.list({ ...filter, status: 'open' }, { limit: LOOKED_AT });
  const seen = items.filter(({ snoozedUntil }) => snoozedUntil === undefined || Date.parse(snoozedUntil) <= now().getTime());
  return { count: seen.length, exact: next === undefined, items: seen.slice(0, SHOWN).map(taskEntryView) };
}

async function failedLately(services: Services, scope: Scope) {
  const now = services.now();
  const hours = hoursTouched(new Date(now.getTime() - DAY_MS), now);
  const { rows, searchedTo } = await services.counters.read({ ...scope, of: 'failure', ...hours });
  const all = failureFigures(rows);
  const latest = all.toSorted((a, b) => ((a.lastAt ?? '') < (b.lastAt ?? '') ? 1 : -1)).slice(0, SHOWN);
  const names = await namesOf(
    services,
    latest.map(({ workflowId }) => workflowId),
  );
  return { count: all.length, exact: searchedTo === undefined, items: latest.map((one) => failureView(one, names)) };
}

async function lateRuns({ runs, now }: Services, scope: Scope) {
  const to = new Date(now().getTime() - YOUNG_MS).toISOString();
  const { items, next } = await runs.list({ ...scope, status: LIVE, to }, { limit: LOOKED_AT });
  const late = items.flatMap((run) => {
    const why = lateness(run, now());
    return why ? [{ ...runEntryView(run), late: why }] : [];
  });
  return { count: late.length, exact: next === undefined, items: late.slice(0, SHOWN) };
}

async function runsIn({ runs }: Services, scope: Scope, status: RunStatus[]) {
  const { items, next } = await runs.list({ ...scope, status }, { limit: LOOKED_AT });
  return { count: items.length, exact: next === undefined, items: items.slice(0, SHOWN).map(runEntryView) };
}

export const handler = http(inbox, { getInbox }, () => ({
  runs: runRows(),
  counters: counters(),
  tasks: tasks(),
  workflows: workflows(),
  now,
}));
