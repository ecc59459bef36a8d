import * as z from 'zod';
import { maskedInputs } from '../../expression/input-secrets.ts';
import { newId } from '../../kernel/id.ts';
import { maskOf } from '../../kernel/mask.ts';
import { Problem } from '../../kernel/problem.ts';
import { StepError } from '../../kernel/step-error.ts';
import { traceFrom } from '../../kernel/trace.ts';
import { callKind } from '../../step/registry.ts';
import { type Pin, plannedIn } from '../../workflow/plan.ts';
import type { Journal } from '../journal/journal.ts';
import { type Run, runActor } from '../model/run.ts';
import { isTerminal, RUN_STATUS } from '../model/status.ts';
import type { StepState } from '../model/step-state.ts';
import { type CheckedStart, checkStart, writeRun } from '../start/start-run.ts';
import { childEnd } from '../tell/child-end.ts';
import type { DriveServices } from './drive-services.ts';
import { isRecorded, recordedResult } from './recorded.ts';
import { resolvedSpec } from './resolved-spec.ts';
import { complete, evaluate, mayStillBegin, record, type Scene } from './scene.ts';

const CHILD_FAILED = 'ChildRunFailed';

/** Runs that stand below one another: deeper is refused, so that a workflow that calls itself without end comes to one. */
const DEPTH_LIMIT = 10;

const resolvedInput = z.object({ input: z.record(z.string(), z.unknown()) });

/** Starts the run that a step asks for. The journal says which one before it is started, so that whoever comes back starts that one. */
export async function startChild(scene: Scene, signal: AbortSignal): Promise<void> {
  const { services, journal, step } = scene;
  const { input, waits } = await callOf(scene);
  const origin = await originOf(services, step);
  const stored = await services.values.store(journal.run.id, `${scene.key}.input`, await shownTo(scene, input));
  const say = (child?: string) => record(scene, { type: 'step_started', input: stored, ...(child !== undefined && { child }) });
  if (isRecorded(journal.run)) {
    say();
    const { full, made } = await recordedResult(scene);
    return complete(scene, full, { made });
  }
  if (isWell(origin) && waits) {
    say(origin.id);
    return hear(scene, origin);
  }
  const id = newId(services.now().getTime());
  const start = { id, input, origin, failures: step?.failures ?? 0 };
  const checked = await check(scene, start).catch((error: unknown) => {
    say();
    throw error;
  });
  if (!(await mayStillBegin(scene, signal))) return;
  say(waits ? id : undefined);
  await journal.flush();
  // Another driver may have named one before.
  const named = waits ? journal.state.step(scene.key)?.child : id;
  if (named === undefined) return;
  const child = await write(scene, named === id ? checked : await check(scene, { ...start, id: named }));
  if (waits) hear(scene, child);
  else await complete(scene, child.id, { child: child.id });
}

/** The same for a run that the journal names and that nobody has started. */
export async function startLostChild(scene: Scene): Promise<void> {
  const { services, step } = scene;
  if (step?.child === undefined) return;
  const { input } = await callOf(scene);
  const origin = await originOf(services, step);
  hear(scene, await write(scene, await check(scene, { id: step.child, input, origin, failures: step.failures })));
}

async function callOf(scene: Scene): Promise<{ input: Record<string, unknown>; waits: boolean }> {
  const { journal, planned } = scene;
  const kind = callKind(planned.step.kind);
  if (journal.run.depth + 1 > DEPTH_LIMIT) {
    throw new StepError(
      CHILD_FAILED,
      `The run would stand ${DEPTH_LIMIT + 1} runs deep; the limit is ${DEPTH_LIMIT}. Does a workflow call itself without end?`,
    );
  }
  const spec = resolvedSpec(kind, planned.id, await evaluate(scene, planned.step.spec, planned.step.kind));
  return { input: resolvedInput.parse(spec).input, waits: kind.waits(spec) };
}

/** What is stored of the inputs: neither the secrets of this run nor what the schema of the other one calls its own. */
async function shownTo(scene: Scene, input: Record<string, unknown>): Promise<unknown> {
  const { services, journal, names } = scene;
  const { workflow, definition } = pinOf(scene);
  const hash = definition === 'self' ? journal.run.definition : definition;
  const { document } = await services.definitions.planOf(workflow, hash);
  return maskOf(await names.secrets()).value(maskedInputs(document.input, input));
}

function pinOf({ journal, planned }: Scene): Pin {
  const pin = journal.state.plan.pins[planned.id];
  if (!pin) throw new StepError(CHILD_FAILED, `The definition does not say which workflow "${planned.id}" starts.`);
  return pin;
}

/** It may have ended while it was started. */
function hear({ journal, services, key }: Scene, child: Run): void {
  if (isTerminal(child.status)) journal.record(childEnd(child, key, services.now()));
}

/** A child of the run that is run again: the new one goes on from it, unless it has been tried before. */
async function originOf({ runs }: DriveServices, step: StepState | undefined): Promise<Run | undefined> {
  return step?.resumes === undefined || step.failures > 0 ? undefined : runs.get(step.resumes);
}

/** A child that ended well and was not heard, since the run that waited for it had ended: its result is taken. */
const isWell = (origin: Run | undefined): origin is Run => origin?.status === 'succeeded' || origin?.status === 'skipped';

interface ChildStart {
  id: string;
  input: Record<string, unknown>;
  origin: Run | undefined;
  failures: number;
}

async function check(scene: Scene, { id, input, origin, failures }: ChildStart): Promise<CheckedStart> {
  const { services, journal, key } = scene;
  const { run } = journal;
  const pin = pinOf(scene);
  const definition =
    pin.definition === 'self'
      ? { definition: run.definition, version: run.version }
      : { definition: pin.definition, version: pin.version };
  return checkStart(services, {
    id,
    workspace: run.workspace,
    workflowId: pin.workflow,
    stage: definition.version === null ? run.stage : 'Published',
    definition,
    inputs: input,
    fileIds: [],
    trigger: 'parent',
    actor: runActor(run),
    childOf: { run, stepKey: key },
    trace: traceFrom(run, `${key} ${failures}`),
    rerunOf: origin && !isWell(origin) ? { run: origin, from: 'failed' } : undefined,
    key: { trigger: 'parent', value: `${run.id}/${key}/${failures}` },
  }).catch(asFailure);
}

async function write({ services }: Scene, checked: CheckedStart): Promise<Run> {
  return (await writeRun(services, checked).catch(asFailure)).run;
}

function asFailure(error: unknown): never {
  if (!(error instanceof Problem)) throw error;
  throw new StepError(error.kind === 'invalid' ? 'InputInvalid' : CHILD_FAILED, error.message);
}

/** The outputs of a run that has ended well. Throws for one that has not. */
export async function childResult({ services, journal }: Scene, { childEnded }: StepState): Promise<unknown> {
  const entry = childEnded === undefined ? undefined : (await journal.entries([childEnded])).get(childEnded);
  if (entry?.type !== 'child_ended') throw new Error('the journal does not say how the child run ended');
  const { child, status, error, name, outputs } = entry;
  if (status === 'succeeded' || status === 'skipped') return outputs ? services.values.read(outputs) : {};
  const how = error ? `failed with ${error.name}: ${error.message}` : `ended as ${RUN_STATUS[status].v1}`;
  throw new StepError(CHILD_FAILED, `Run ${child} of "${name}" ${how}`, { run_id: child });
}

/** A driver that comes back finds out what became of the runs that steps wait for: one may never have been started, or its end not been heard. */
export async function lookAfterChildren(services: DriveServices, journal: Journal): Promise<string[]> {
  const { state } = journal;
  const lost: string[] = [];
  for (const key of state.active) {
    const step = state.step(key);
    if (step?.child === undefined || step.childEnded !== undefined || plannedIn(state.plan, step.id).branches.size > 0) continue;
    const child = await services.runs.get(step.child);
    if (!child) lost.push(key);
    else if (isTerminal(child.status)) journal.record(childEnd(child, key, services.now()));
  }
  return lost;
}
