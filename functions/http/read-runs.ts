import { s3 } from '../../shared/aws/clients.ts';
import { engineServices } from '../../shared/aws/services.ts';
import { ValueLinks } from '../../shared/aws/value-links.ts';
import { env } from '../../shared/env.ts';
import { type Answer, ok } from '../../shared/http/answer.ts';
import { http, type RequestOf } from '../../shared/http/edge.ts';
import { runDetailOf, runOf, workflowOf } from '../../shared/http/runs.ts';
import { outputsV2View, pageView, runEntryView, runV2View } from '../../shared/http/views.ts';
import { notFound } from '../../shared/problem.ts';
import { cutValue, SHOWN_BYTES } from '../../shared/run/cut-value.ts';
import type { Engine } from '../../shared/run/ports.ts';
import { glimpsesOf, pickStates, type StepState, stepStates, valuesOf } from '../../shared/run/read-context.ts';
import { readLog } from '../../shared/run/read-log.ts';
import type { Run } from '../../shared/run/run.ts';
import { ShownValues, wholeOf } from '../../shared/run/shown-values.ts';
import { fromV1, RUN_STATUS } from '../../shared/run/status.ts';
import type { Workflows } from '../../shared/workflow/ports.ts';

type Services = Pick<Engine, 'runs' | 'values' | 'definitions' | 'now'> & { workflows: Workflows };

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
  const { workflow_id: workflowId, project_id: project = caller.project, ...rest } = query;
  if (workflowId !== undefined)
    return feed(services, caller.workspace, rest, (await ofWorkflow(services, caller, workflowId, project)).id);
  if (caller.project !== undefined && project !== caller.project) return ok({ items: [], continuation_token: null });
  return feed(services, caller.workspace, rest, undefined, project);
}

export async function listWorkflowRuns({ params, query, caller }: RequestOf<'listWorkflowRuns'>, services: Services) {
  return feed(services, caller.workspace, query, (await ofWorkflow(services, caller, params.workflow_id)).id);
}

const ofWorkflow = (services: Services, caller: RequestOf<'listRuns'>['caller'], id: string, project?: string) =>
  workflowOf(services, caller, id, { deleted: true, ...(project !== undefined && { project }) });

async function feed(
  { runs }: Services,
  workspace: string,
  query: RequestOf<'listWorkflowRuns'>['query'],
  workflowId?: string,
  project?: string,
): Promise<Answer> {
  const { limit, continuation_token: token, status, ...rest } = query;
  const filter = { workspace, workflowId, project, status: status && fromV1(status), ...rest };
  return ok(pageView(await runs.list(filter, { limit, token }), runEntryView));
}

export async function getRunDefinition({ params, caller }: RequestOf<'getRunDefinition'>, services: Services) {
  const run = await runOf(services, caller, params.run_id);
  const definition = await services.workflows.definition(run.workflowId, run.definition);
  if (!definition) throw notFound('definition', run.definition);
  return ok({ definition: definition.hash, source: definition.source });
}

export async function getRun({ params, caller }: RequestOf<'getRun'>, services: Services) {
  return ok(await runDetailOf(services, await runOf(services, caller, params.run_id)));
}

export async function getRunEvents({ params, query, caller }: RequestOf<'getRunEvents'>, services: Services) {
  return events(services, await runOf(services, caller, params.run_id), query);
}

export async function getWorkflowRunEvents({ params, query, caller }: RequestOf<'getWorkflowRunEvents'>, services: Services) {
  return events(services, await runOf(services, caller, params.run_id, params.workflow_id), query);
}

async function events(services: Services, run: Run, query: RequestOf<'getRunEvents'>['query']): Promise<Answer> {
  const { runs, now } = services;
  const values = await ShownValues.of(services, run);
  const page = await readLog(runs, values, run, {
    after: query.continuation_token ?? query.after,
    limit: query.limit,
    now: now(),
  });
  return ok(
    pageView(page, ({ step, scope, attempt, ...event }) => ({
      ...event,
      step: step ?? null,
      scope: scope ?? '',
      attempt: attempt ?? null,
    })),
  );
}

export async function getRunContext({ params, query, caller }: RequestOf<'getRunContext'>, services: Services) {
  return context(services, await runOf(services, caller, params.run_id), query.step);
}

export async function getWorkflowRunContext({ params, query, caller }: RequestOf<'getWorkflowRunContext'>, services: Services) {
  return context(services, await runOf(services, caller, params.run_id, params.workflow_id), query.step);
}

async function context(services: Services, run: Run, step: string | undefined): Promise<Answer> {
  const shown = await ShownValues.of(services, run);
  const states = pickStates(await stepStates(services, run), step);
  const values =
    step === undefined ? glimpsesOf(shown, run, states) : await Promise.all(states.map((state) => valuesOf(shown, run, state)));
  const input = cutValue(await shown.inputs(), SHOWN_BYTES, wholeOf(run.id, 'inputs'));
  const steps = states.map((state, at) => stateView(state, values[at] ?? { input: null, output: null }));
  return ok({ run_id: run.id, status: RUN_STATUS[run.status].v1, variables: { input }, steps });
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
  const [state] = pickStates(await stepStates(services, run), step);
  const stored = name === 'inputs' ? state?.row?.input : state?.row?.output;
  return stored ? values.whole(stored) : null;
}

const stateView = ({ planned, key, scope, status, reason, row }: StepState, values: { input: unknown; output: unknown }) => ({
  step: planned.id,
  key,
  scope,
  kind: planned.step.kind,
  title: planned.step.title ?? null,
  status,
  reason,
  attempts:
    row === undefined || row.status === 'skipped'
      ? 0
      : row.failures + (row.status === 'failed' || row.status === 'pending' ? 0 : 1),
  started_at: row?.startedAt ?? null,
  ended_at: row?.endedAt ?? null,
  ...values,
  reused: row?.reused ?? null,
  child: row?.child ?? null,
  error: row?.error ?? null,
});

export const handler = http(
  {
    listRunsV2,
    getRunV2,
    listRuns,
    listWorkflowRuns,
    getRun,
    getRunDefinition,
    getRunEvents,
    getWorkflowRunEvents,
    getRunContext,
    getWorkflowRunContext,
    getRunValue,
  },
  () => Object.assign(engineServices(), { links: new ValueLinks(s3, env.valuesBucket()) }),
);
