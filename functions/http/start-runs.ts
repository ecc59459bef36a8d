import { engineServices } from '../../shared/aws/services.ts';
import { type Answer, accepted, created } from '../../shared/http/answer.ts';
import { http, type RequestOf } from '../../shared/http/edge.ts';
import { runDetailOf, runOf } from '../../shared/http/runs.ts';
import { runV2View } from '../../shared/http/views.ts';
import { Problem } from '../../shared/problem.ts';
import { type Started, type Starter, startRun } from '../../shared/run/start-run.ts';
import { stopRun } from '../../shared/run/stop-run.ts';

export async function createRunV2({ body, caller, idempotencyKey }: RequestOf<'createRunV2'>, services: Starter) {
  if (caller.project !== undefined && caller.project !== body.agent_id)
    throw new Problem('not-found', `There is no agent "${body.agent_id}".`);
  const started = await startRun(services, {
    workspace: caller.workspace,
    project: body.agent_id,
    workflowId: body.process_id,
    stage: body.stage,
    name: body.name,
    inputs: Object.fromEntries((body.inputs ?? []).map(({ name, value }) => [name, value])),
    fileIds: body.file_ids ?? [],
    trigger: 'api',
    startedBy: caller.name,
    key: idempotencyKey === undefined ? undefined : { door: 'api', value: idempotencyKey },
  });
  return answer(started, { ...runV2View(started.run), file_ids: started.run.fileIds, outputs: null });
}

export async function commandWorkflow(request: RequestOf<'commandWorkflow'>, services: Starter): Promise<Answer> {
  const { body, params, caller, idempotencyKey } = request;
  if (body.command === 'stop') {
    const run = await runOf(services, caller, body.run_id, params.workflow_id);
    return accepted(await runDetailOf(services, await stopRun(services, run, caller.name, body.params.reason)));
  }
  const started = await startRun(services, {
    workspace: caller.workspace,
    project: caller.project,
    workflowId: params.workflow_id,
    stage: body.params.stage ?? 'Published',
    name: body.params.name,
    reference: body.params.reference,
    inputs: body.params.inputs ?? {},
    fileIds: body.params.file_ids ?? [],
    trigger: 'manual',
    startedBy: caller.name,
    key: idempotencyKey === undefined ? undefined : { door: 'api', value: idempotencyKey },
  });
  return answer(started, await runDetailOf(services, started.run));
}

/** A repeated request gets the answer of the first, and is told so. */
const answer = ({ replay }: Started, body: unknown): Answer =>
  created(body, replay ? { 'idempotent-replay': 'true' } : undefined);

export const handler = http({ createRunV2, commandWorkflow }, engineServices);
