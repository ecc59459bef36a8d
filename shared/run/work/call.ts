import { Problem } from '../../problem.ts';
import { callKind } from '../../step/registry.ts';
import { StepError } from '../../step/step-error.ts';
import { answerParent, CHILD_FAILED } from '../answer-parent.ts';
import { StepEnded } from '../ports.ts';
import { takenFrom } from '../rerun/rerun-run.ts';
import type { Run } from '../run.ts';
import { Control } from '../signal.ts';
import { startRun } from '../start-run.ts';
import { isTerminal } from '../status.ts';
import type { StepRow } from '../step-row.ts';
import { completeStep, failGroup } from './group.ts';
import { answered, asStepError, skippedByCondition } from './leaf.ts';
import type { MessageOf } from './message.ts';
import { evaluate, lines, markRunning, type Scene } from './scene.ts';

/** Runs that stand below one another: deeper is refused, so that a workflow that calls itself without end comes to one. */
const DEPTH_LIMIT = 10;

/**
 * Starts the run that a step asks for. A step that waits keeps the token that lets the walk go on; a walk that comes back finds the run that was
 * started before, and goes on at once when it has ended.
 */
export async function callRun(scene: Scene, { token }: MessageOf<'call'>): Promise<void> {
  const { worker, row } = scene;
  if (answered(row) || (await skippedByCondition(scene))) return goOn(scene, token);
  if (row?.status === 'waiting' && row.child !== undefined) return waitAgain(scene, row, row.child, token);
  try {
    const child = await startChild(scene, token);
    if (token === undefined)
      return await completeStep(scene, await worker.values.store(scene.run.id, `${scene.key}.output`, child.id));
    if (isTerminal(child.status)) await answerParent(worker, child);
  } catch (error) {
    if (error instanceof Control) throw error;
    throw await failGroup(scene, asStepError(error));
  }
}

async function goOn({ worker }: Scene, token: string | undefined): Promise<void> {
  if (token !== undefined) await worker.walks.answer(token);
}

async function waitAgain({ worker, run }: Scene, row: StepRow, childId: string, token: string | undefined): Promise<void> {
  await worker.runs.putStep(run.id, { ...row, ...(token !== undefined && { token }) });
  const child = await worker.runs.get(childId);
  if (child) await answerParent(worker, child);
}

async function startChild(scene: Scene, token: string | undefined): Promise<Run> {
  const { worker, run, planned, scope, key, row } = scene;
  const kind = callKind(planned.step.kind);
  const pin = scene.plan.pins[planned.id];
  if (!pin) throw new StepError(CHILD_FAILED, `The definition does not say which workflow "${planned.id}" starts.`);
  if ((run.depth ?? 0) + 1 > DEPTH_LIMIT)
    throw new StepError(
      CHILD_FAILED,
      `The run would stand ${DEPTH_LIMIT + 1} runs deep; the limit is ${DEPTH_LIMIT}. Does a workflow call itself without end?`,
    );

  const input = await evaluate(scene, planned.step.spec, planned.step.kind);
  const spec = kind.resolved.safeParse(input);
  if (!spec.success) throw new StepError('ExpressionError', `${planned.id}.run: ${spec.error.issues[0]?.message}`);
  const { input: inputs } = spec.data as { input: Record<string, unknown> };

  const failures = row?.failures ?? 0;
  const at = worker.now().toISOString();
  const waiting: StepRow = {
    key,
    id: planned.id,
    scope,
    status: 'waiting',
    failures,
    startedAt: row?.startedAt ?? at,
    input: await worker.values.store(run.id, `${key}.input`, inputs),
    ...(token !== undefined && { token }),
    ...(row?.resumes !== undefined && { resumes: row.resumes }),
  };
  const line = {
    type: 'step_started' as const,
    message: failures === 0 ? 'Started.' : `Started attempt ${failures + 1}.`,
    attempt: failures + 1,
  };
  await Promise.all([worker.runs.putStep(run.id, waiting, { events: lines(scene, [line], [at]) }), markRunning(worker, run)]);
  const child = await started(scene, inputs, pin, row?.resumes, failures);
  if (token !== undefined) await worker.runs.putStep(run.id, { ...waiting, child: child.id }).catch(unlessEnded);
  return child;
}

/** The child was quicker than this row: what its end has written stands. */
function unlessEnded(error: unknown): void {
  if (!(error instanceof StepEnded)) throw error;
}

/** A child that failed in the run that this one runs again goes on from there. */
async function started(
  { worker, run, key }: Scene,
  inputs: Record<string, unknown>,
  pin: Scene['plan']['pins'][string],
  resumes: string | undefined,
  failures: number,
): Promise<Run> {
  const origin = resumes === undefined || failures > 0 ? undefined : await worker.runs.get(resumes);
  const definition = {
    definition: pin.definition === 'self' ? run.definition : pin.definition,
    version: pin.definition === 'self' ? run.version : pin.version,
  };
  try {
    const { run: child } = await startRun(worker, {
      workspace: run.workspace,
      workflowId: pin.workflow,
      stage: definition.version === null ? run.stage : 'Published',
      definition,
      inputs,
      fileIds: [],
      trigger: 'parent',
      startedBy: run.startedBy,
      childOf: { run, stepKey: key },
      rerunOf: origin && { run: origin, rows: await takenFrom(worker, origin, definition.definition), fresh: false },
      key: { door: 'parent', value: `${run.id}/${key}/${failures}` },
    });
    return child;
  } catch (error) {
    throw error instanceof Problem ? new StepError(CHILD_FAILED, error.message) : error;
  }
}

/** The run has ended well: its outputs are the step's result. */
export async function returnFromRun(scene: Scene): Promise<void> {
  const { worker, run, planned, row, key } = scene;
  if (answered(row)) return;
  const child = row?.child === undefined ? undefined : await worker.runs.get(row.child);
  try {
    const full = child?.outputs ? await worker.values.read(child.outputs) : null;
    const output = planned.step.output === undefined ? full : await evaluate(scene, planned.step.output, 'output', full);
    await completeStep(scene, await worker.values.store(run.id, `${key}.output`, output));
  } catch (error) {
    throw await failGroup(scene, asStepError(error));
  }
}
