import { projectOf } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { runV2View, v2 } from '../../shared/api/v2.ts';
import { type Answer, accepted, created, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import { changeRun as changed } from '../../shared/run/control/change-run.ts';
import { pauseRun } from '../../shared/run/control/pause-run.ts';
import { resumeRun } from '../../shared/run/control/resume-run.ts';
import { stopRun } from '../../shared/run/control/stop-run.ts';
import { runs as runsOperations } from '../../shared/run/operations.http.ts';
import { rerunRun } from '../../shared/run/rerun/rerun-run.ts';
import { dryRunView } from '../../shared/run/run.http.ts';
import { dryRun } from '../../shared/run/start/dry-run.ts';
import type { StartRequest, StartServices } from '../../shared/run/start/start-request.ts';
import { type Started, startRun } from '../../shared/run/start/start-run.ts';
import { ended, newRunDetailOf, runDetailOf, runOf } from '../../shared/run/visible.http.ts';
import { engineServices, recorder } from '../adapters.ts';

export async function createRunV2({ body, caller, idempotencyKey, trace }: RequestOf<'createRunV2'>, services: StartServices) {
  projectOf(caller, body.agent_id, 'agent');
  const started = await startRun(services, {
    workspace: caller.workspace,
    project: body.agent_id,
    workflowId: body.process_id,
    stage: body.stage,
    name: body.name,
    inputs: Object.fromEntries((body.inputs ?? []).map(({ name, value }) => [name, value])),
    fileIds: body.file_ids ?? [],
    trigger: 'api',
    actor: actorOf(caller),
    key: requestKey(idempotencyKey),
    trace,
  });
  return answer(started, { ...runV2View(started.run), file_ids: started.run.fileIds, outputs: null });
}

type Command = RequestOf<'commandWorkflow'>;

export async function commandWorkflow(request: Command, services: StartServices): Promise<Answer> {
  const { body, params, caller } = request;
  if (body.command === 'start') return start(request, body.params, services);

  const run = await runOf(services, caller, body.run_id, params.workflow_id);
  if (body.command === 'pause')
    return ok(await runDetailOf(services, await pauseRun(services, run, actorOf(caller), body.params.reason)));
  if (body.command === 'resume') return ok(await runDetailOf(services, await resumeRun(services, run, actorOf(caller))));
  const { mode, reason, drainTimeout: drainSeconds } = body.params;
  return accepted(
    await runDetailOf(services, await stopRun(services, run, { mode, reason, drainSeconds, actor: actorOf(caller) })),
  );
}

type StartParams = Extract<Command['body'], { command: 'start' }>['params'];

async function start(
  { params, caller, idempotencyKey, trace }: Command,
  given: StartParams,
  services: StartServices,
): Promise<Answer> {
  const request: StartRequest = {
    workspace: caller.workspace,
    project: caller.project,
    workflowId: params.workflow_id,
    stage: given.stage ?? 'Published',
    version: given.version,
    name: given.name,
    reference: given.reference,
    labels: given.labels,
    inputs: given.inputs ?? {},
    fileIds: given.fileIds ?? [],
    connectionOverrides: given.connectionOverrides,
    useStartDefaults: given.useStartDefaults ?? true,
    trigger: 'manual',
    actor: actorOf(caller),
    key: requestKey(idempotencyKey),
    trace,
    waitMs: (given.wait ?? 0) * 1000,
  };
  if (given.dryRun) return ok(dryRunView(await dryRun(services, request)));
  const begun = services.now().getTime();
  const started = await startRun(services, request);
  if (!request.waitMs) return answer(started, await (started.isRepeat ? runDetailOf : newRunDetailOf)(services, started.run));
  const now = (await services.runs.get(started.run.id)) ?? started.run;
  const run = await ended(services, now, begun + request.waitMs - services.now().getTime());
  return answer(started, await newRunDetailOf(services, run));
}

export async function rerun(
  { params, body, caller, idempotencyKey, trace }: RequestOf<'rerunRun'>,
  services: StartServices,
): Promise<Answer> {
  const origin = await runOf(services, caller, params.run_id);
  const rerun = await rerunRun(services, origin, { ...body, actor: actorOf(caller), key: idempotencyKey, trace });
  return answer(rerun, { ...(await runDetailOf(services, rerun.run)), warnings: rerun.warnings });
}

export async function changeRun({ params, body, caller }: RequestOf<'changeRun'>, services: StartServices): Promise<Answer> {
  const run = await runOf(services, caller, params.run_id);
  return ok(await runDetailOf(services, await changed(services, run, body, actorOf(caller))));
}

const requestKey = (value: string | undefined) => (value === undefined ? undefined : { trigger: 'api', value });

/** A repeated request gets the run of the first, and is told so: nothing was created now. */
const answer = ({ isRepeat }: Started, body: unknown): Answer =>
  isRepeat ? { status: 200, body, headers: { 'idempotent-replay': 'true' } } : created(body);

export const handler = http(
  { ...v2, ...runsOperations },
  { createRunV2, commandWorkflow, rerunRun: rerun, changeRun },
  engineServices,
  recorder,
);
