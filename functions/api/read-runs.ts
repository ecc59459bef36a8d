import { setTimeout as sleep } from 'node:timers/promises';
import { projectOf } from '../../shared/access/tenancy.ts';
import { type HistogramServices, tallies } from '../../shared/analytics/histogram.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { outputsV2View, runV2View, v2 } from '../../shared/api/v2.ts';
import { type Answer, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import type { PageOf } from '../../shared/kernel/page.ts';
import { notFound } from '../../shared/kernel/problem.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { histogramView } from '../../shared/run/list/counts.http.ts';
import { type FilterQuery, filterOf } from '../../shared/run/list/filter.http.ts';
import type { RunFilter } from '../../shared/run/list/filter.ts';
import type { Run } from '../../shared/run/model/run.ts';
import { isTerminal, RUN_STATUS } from '../../shared/run/model/status.ts';
import { runs as runsOperations } from '../../shared/run/operations.http.ts';
import type { EngineServices } from '../../shared/run/ports.ts';
import { histogramOf } from '../../shared/run/read/histogram.ts';
import { readContext, readStepValue } from '../../shared/run/read/read-context.ts';
import { type LogFilter, type LogPage, readLog, shownEvent } from '../../shared/run/read/read-log.ts';
import { runEntryView, stepView } from '../../shared/run/run.http.ts';
import { cutValue, SHOWN_BYTES, thatFit } from '../../shared/run/shown/cut-value.ts';
import { ShownValues, wholeOf } from '../../shared/run/shown/shown-values.ts';
import type { ValueLinks } from '../../shared/run/store/value-links.s3.ts';
import { ended, runDetailOf, runOf } from '../../shared/run/visible.http.ts';
import { comparison, comparisonView } from '../../shared/suite/compare.http.ts';
import { compareRuns as compared } from '../../shared/suite/compare-runs.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import type { Workflows } from '../../shared/workflow/workflows.ts';
import { counters, engineServices, valueLinks } from '../adapters.ts';

type SearchQuery = FilterQuery & { workflow_id?: string | undefined; project_id?: string | undefined };
type Services = EngineServices & { workflows: Workflows };

export async function listRunsV2({ query, caller }: RequestOf<'listRunsV2'>, services: Services) {
  const { id } = await workflowOf(services, caller, query.process_id, { project: query.agent_id });
  const filter = { workspace: caller.workspace, workflowId: id, stage: query.stage };
  return ok(pageView(await services.runs.list(filter, { limit: query.limit, token: query.continuation_token }), runV2View));
}

export async function getRunV2({ params, caller }: RequestOf<'getRunV2'>, services: Services) {
  const run = await runOf(services, caller, params.run_id);
  const outputs = run.outputs && (await (await ShownValues.of(services, run)).outputs());
  const listed = typeof outputs === 'object' && outputs !== null ? outputsV2View(outputs, wholeOf(run.id, 'outputs')) : null;
  return ok({ ...runV2View(run), file_ids: run.fileIds, outputs: listed });
}

export async function listRuns({ query, caller }: RequestOf<'listRuns'>, services: Services) {
  const { limit, continuation_token: token, ...filter } = query;
  return page(services, await sought(services, caller, filter), { limit, token });
}

export async function listWorkflowRuns({ params, query, caller }: RequestOf<'listWorkflowRuns'>, services: Services) {
  const { limit, continuation_token: token, ...filter } = query;
  return page(services, await sought(services, caller, { ...filter, ...params }), { limit, token });
}

/** What is looked for, within what the caller may see. A workflow is of one project. */
async function sought(services: Services, caller: Caller, query: SearchQuery): Promise<RunFilter> {
  const { workflow_id, project_id, ...rest } = query;
  const project = projectOf(caller, project_id);
  const { workspace } = caller;
  if (workflow_id === undefined) return filterOf(rest, { workspace, project });
  const { id } = await workflowOf(services, caller, workflow_id, { deleted: true, ...(project !== undefined && { project }) });
  return filterOf(rest, { workspace, workflowId: id });
}

async function page({ runs }: Services, filter: RunFilter, of: PageOf): Promise<Answer> {
  const found = await runs.list(filter, of);
  return ok({ ...pageView(found, runEntryView), searched_to: found.searchedTo ?? null });
}

export async function countRuns({ query, caller }: RequestOf<'countRuns'>, services: Services) {
  return ok(await services.runs.count(await sought(services, caller, query)));
}

export async function getRunHistogram({ query, caller }: RequestOf<'getRunHistogram'>, services: Services & HistogramServices) {
  const { bucket, ...filter } = query;
  const { items, searchedTo } = await tallies(services, await sought(services, caller, filter));
  return ok(histogramView(bucket, histogramOf(items, bucket), searchedTo));
}

export async function getRunDefinition({ params, caller }: RequestOf<'getRunDefinition'>, services: Services) {
  const run = await runOf(services, caller, params.run_id);
  const definition = await services.workflows.definition(run.workflowId, run.definition);
  if (!definition) throw notFound('definition', run.definition);
  return ok({ definition: definition.hash, source: definition.source });
}

export async function getRun({ params, query, caller }: RequestOf<'getRun'>, services: Services) {
  const run = await runOf(services, caller, params.run_id);
  return ok(await runDetailOf(services, await ended(services, run, query.wait * 1000)));
}

export async function getRunEvents({ params, query, caller }: RequestOf<'getRunEvents'>, services: Services) {
  return events(services, await runOf(services, caller, params.run_id), query);
}

export async function getWorkflowRunEvents({ params, query, caller }: RequestOf<'getWorkflowRunEvents'>, services: Services) {
  return events(services, await runOf(services, caller, params.run_id, params.workflow_id), query);
}

async function events(services: Services, run: Run, query: RequestOf<'getRunEvents'>['query']): Promise<Answer> {
  const { after, continuation_token: token, limit, step, type, q, wait } = query;
  const page = await news(services, run, { after: token ?? after, limit, step, type, q }, wait * 1000);
  const values = await ShownValues.of(services, run);
  const lines = page.items.map((event) => ({ step: null, scope: '', attempt: null, ...shownEvent(values, run.id, event) }));
  const items = thatFit(lines, PAGE_BYTES);
  const next = items.length < lines.length ? items.at(-1)?.id : page.next;
  return ok({ items, continuation_token: next === undefined ? null : String(next) });
}

/** A page is over when it holds so much, so that it fits into an answer. */
const PAGE_BYTES = 2 * 1024 * 1024;
const FIRST_LOOK_MS = 100;
const SLOWEST_LOOK_MS = 1000;

/** Lines behind the last one seen, as soon as there are any; none when the run has ended or the time is over. */
async function news(services: Services, seen: Run, filter: LogFilter, waitMs: number): Promise<LogPage> {
  const until = services.now().getTime() + waitMs;
  let run = seen;
  let { after } = filter;
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, SLOWEST_LOOK_MS)) {
    const page = await readLog(services, run, { ...filter, after });
    if (page.items.length > 0 || isTerminal(run.status) || services.now().getTime() >= until) return page;
    after = page.next ?? after;
    await sleep(Math.min(pause, Math.max(until - services.now().getTime(), 0)));
    run = (await services.runs.get(run.id)) ?? run;
  }
}

export async function getRunContext({ params, query, caller }: RequestOf<'getRunContext'>, services: Services) {
  return context(services, await runOf(services, caller, params.run_id), query);
}

export async function getWorkflowRunContext({ params, query, caller }: RequestOf<'getWorkflowRunContext'>, services: Services) {
  return context(services, await runOf(services, caller, params.run_id, params.workflow_id), query);
}

async function context(services: Services, run: Run, query: RequestOf<'getRunContext'>['query']): Promise<Answer> {
  const { step: key, scope, status, limit, continuation_token: after } = query;
  const shown = await ShownValues.of(services, run);
  const page = await readContext(services, shown, run, { key, scope, status, limit, after });
  return ok({
    run_id: run.id,
    status: RUN_STATUS[run.status].v1,
    variables: { input: cutValue(await shown.inputs(), SHOWN_BYTES, wholeOf(run.id, 'inputs')) },
    steps: page.steps.map(stepView),
    continuation_token: page.next ?? null,
  });
}

/** A link to the whole of what a view has cut. */
export async function getRunValue(
  { params, query, caller }: RequestOf<'getRunValue'>,
  services: Services & { links: ValueLinks },
) {
  const run = await runOf(services, caller, params.run_id);
  const value = await wholeValue(services, run, params.name, query.step);
  const name = `${query.step === undefined ? '' : `${query.step}.`}${params.name}`;
  const { url, until } = await services.links.link(run.id, name, value, services.now());
  return ok({ url, expires_at: until });
}

async function wholeValue(services: Services, run: Run, name: 'inputs' | 'outputs', step: string | undefined): Promise<unknown> {
  const values = await ShownValues.of(services, run);
  if (step === undefined) return name === 'inputs' ? values.inputs() : values.outputs();
  return readStepValue(services, values, run, step, name);
}

export async function compareRuns({ query, caller }: RequestOf<'compareRuns'>, services: Services) {
  const [a, b] = await Promise.all([runOf(services, caller, query.a), runOf(services, caller, query.b)]);
  return ok(comparisonView(a, b, await compared(services, a, b, { limit: query.limit, after: query.continuation_token })));
}

export const handler = http(
  { ...v2, ...runsOperations, ...comparison },
  {
    listRunsV2,
    getRunV2,
    listRuns,
    listWorkflowRuns,
    countRuns,
    getRunHistogram,
    getRun,
    getRunDefinition,
    getRunEvents,
    getWorkflowRunEvents,
    getRunContext,
    getWorkflowRunContext,
    getRunValue,
    compareRuns,
  },
  () => ({ ...engineServices(), counters: counters(), links: valueLinks() }),
);
