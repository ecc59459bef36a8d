import * as z from 'zod';
import { newId } from '../../id.ts';
import { maskOf } from '../../mask.ts';
import { Problem } from '../../problem.ts';
import { callKind } from '../../step/registry.ts';
import { StepError } from '../../step/step-error.ts';
import { maskedInputs } from '../../workflow/input-secrets.ts';
import type { Pin } from '../../workflow/plan.ts';
import { answerStep, CHILD_FAILED } from '../answer-parent.ts';
import { secretsOfRun } from '../masked.ts';
import { StepEnded } from '../ports.ts';
import { takenFrom } from '../rerun/rerun-run.ts';
import type { Run } from '../run.ts';
import { stopChild } from '../settle-run.ts';
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
  const { worker, run, row } = scene;
  if (answered(row) || (await skippedByCondition(scene))) return goOn(scene, token);
  if (row?.status === 'waiting' && row.child !== undefined) {
    const child = await worker.runs.get(row.child);
    if (child) return waitAgain(scene, row, child, token);
  }
  try {
    const call = await resolved(scene);
    const child = await begun(scene, call, token);
    if (token === undefined) return await completeStep(scene, await worker.values.store(run.id, `${scene.key}.output`, child.id));
    await waitFor(scene, child, token);
  } catch (error) {
    if (error instanceof Control || error instanceof StepEnded) throw error;
    throw await failGroup(scene, asStepError(error));
  }
}

async function goOn({ worker }: Scene, token: string | undefined): Promise<void> {
  if (token !== undefined) await worker.walks.answer(token);
}

async function waitAgain({ worker, run }: Scene, row: StepRow, child: Run, token: string | undefined): Promise<void> {
  const waiting: StepRow = { ...row, ...(token !== undefined && { token }) };
  await worker.runs.putStep(run.id, waiting);
  await answerStep(worker, run, waiting, child);
}

interface Call {
  pin: Pin;
  inputs: Record<string, unknown>;
  /** The run that it goes on from: a child of the run that this one runs again. */
  origin: Run | undefined;
}

async function resolved(scene: Scene): Promise<Call> {
  const { worker, run, planned, row } = scene;
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
  const { input: inputs } = resolvedInput.parse(spec.data);
  const origin = row?.resumes === undefined || row.failures > 0 ? undefined : await worker.runs.get(row.resumes);
  return { pin, inputs, origin };
}

const resolvedInput = z.object({ input: z.record(z.string(), z.unknown()) });

/** What is stored of the inputs: neither the secrets of this run nor what the schema of the other one calls its own. */
async function shownTo({ worker, run }: Scene, { pin, inputs }: Call): Promise<unknown> {
  const definition = pin.definition === 'self' ? run.definition : pin.definition;
  const { document } = await worker.definitions.planOf(pin.workflow, definition);
  return maskOf(await secretsOfRun(worker, run)).value(maskedInputs(document.input, inputs));
}

/** Notes the run that will be started, then starts it: whatever crashes in between, the walk that comes back starts that one. */
async function begun(scene: Scene, call: Call, token: string | undefined): Promise<Run> {
  const { worker, run, planned, scope, key, row } = scene;
  const failures = row?.failures ?? 0;
  const at = worker.now().toISOString();
  const known = row?.status === 'waiting' ? row.child : undefined;
  const childId = known ?? (isWell(call.origin) ? call.origin.id : newId(worker.now().getTime()));
  const open: StepRow = {
    key,
    id: planned.id,
    scope,
    status: token === undefined ? 'running' : 'waiting',
    failures,
    startedAt: row?.startedAt ?? at,
    input: await worker.values.store(run.id, `${key}.input`, await shownTo(scene, call)),
    ...(token !== undefined && { token, child: childId }),
    ...(row?.resumes !== undefined && { resumes: row.resumes }),
  };
  const line = {
    type: 'step_started' as const,
    message: failures === 0 ? 'Started.' : `Started attempt ${failures + 1}.`,
    attempt: failures + 1,
  };
  // A walk that comes back has said so before.
  const said = row === undefined || row.status === 'pending' ? { events: lines(scene, [line], [at]) } : undefined;
  await Promise.all([worker.runs.putStep(run.id, open, said), markRunning(worker, run)]);
  const { child: _, ...childless } = open;
  scene.row = childless;
  const child = isWell(call.origin) ? call.origin : await started(scene, call, childId, failures);
  scene.row = { ...open, child: child.id };
  return child;
}

/** A child that ended well and was not heard, since the run that waited for it had ended: its result is taken. */
const isWell = (origin: Run | undefined): origin is Run => origin?.status === 'succeeded' || origin?.status === 'skipped';

async function waitFor({ worker, run, key, row }: Scene, child: Run, token: string): Promise<void> {
  const { steps } = await worker.runs.load(run.id, [key]);
  const now = steps.get(key);
  // The run has ended while the child was started: nobody has stopped it.
  if (now?.status === 'cancelled') return stopChild(worker, run, now);
  if (row && isTerminal(child.status)) await answerStep(worker, run, { ...row, token, child: child.id }, child);
}

/** A child that failed in the run that this one runs again goes on from there. */
async function started({ worker, run, key }: Scene, { pin, inputs, origin }: Call, id: string, failures: number): Promise<Run> {
  const definition = {
    definition: pin.definition === 'self' ? run.definition : pin.definition,
    version: pin.definition === 'self' ? run.version : pin.version,
  };
  try {
    const { run: child } = await startRun(worker, {
      id,
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
    if (!(error instanceof Problem)) throw error;
    throw new StepError(error.kind === 'invalid' ? 'InputInvalid' : CHILD_FAILED, error.message);
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
