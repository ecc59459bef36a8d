import * as z from 'zod';
import { Problem } from '../../problem.ts';
import type { Template } from '../../step/kind.ts';
import { type Bounds, evaluateTemplate } from '../../workflow/expression.ts';
import type { Plan, PlannedStep } from '../../workflow/plan.ts';
import { lineIds, type RunEvent } from '../event.ts';
import { nextLook } from '../next-look.ts';
import { isOutdated, type Run, type RunRef } from '../run.ts';
import { indexIn, keyOf, scopeOf } from '../scope.ts';
import { settleRun } from '../settle-run.ts';
import { Control } from '../signal.ts';
import type { Starter } from '../start-run.ts';
import { isTerminal } from '../status.ts';
import type { StepRow } from '../step-row.ts';
import { Outputs } from './outputs.ts';
import type { RecentRows } from './recent.ts';

/** What the worker works with beside the engine. */
export interface Worker extends Starter {
  recent: RecentRows;
}

/** One step about to be worked on, with all that was read for it. */
export interface Scene {
  worker: Worker;
  run: Run;
  plan: Plan;
  planned: PlannedStep;
  /** Where the step stands, its own tries not counted. */
  scope: string;
  /** Where the message came from: inside a try this is one deeper. */
  inner: string;
  key: string;
  row: StepRow | undefined;
  outputs: Outputs;
}

/** A run this old, or with a step that says it has started, is marked as running; younger ones end without it. */
const MARK_RUNNING_AFTER_MS = 500;

/** Reads the run, the step's checkpoint and what it needs of earlier steps, at once. Throws when the run goes on no more. */
export async function openScene(worker: Worker, ref: RunRef, stepId: string, inner: string): Promise<Scene> {
  const plan = await worker.definitions.planOf(ref.workflow, ref.definition);
  const planned = plan.steps.get(stepId);
  if (!planned) throw new Problem('not-found', `The definition has no step "${stepId}".`);

  const key = keyOf(planned, inner);
  const outputs = new Outputs(worker, ref.id, plan, worker.recent);
  const wanted = outputs.unknown(readsOf(plan, planned, inner));
  const { run, steps } = await worker.runs.load(ref.id, [...new Set([key, ...wanted])]);
  outputs.learn(steps.values());

  if (run && isOutdated(run, ref)) throw new Control('RunEnded', 'Another walk carries the run on.');
  const live = await admit(worker, run);
  return { worker, run: live, plan, planned, scope: scopeOf(planned, inner), inner, key, row: steps.get(key), outputs };
}

/** Keys of the rows that the step's expressions stand on: the steps it reads, the loops and the failures around it. */
function readsOf(plan: Plan, planned: PlannedStep, inner: string): string[] {
  const around = [];
  for (let child = planned, parent = planned.parent; parent; child = parent, parent = parent.parent) {
    if (child.list.startsWith('catch') || parent.scopes.length < child.scopes.length) around.push(parent);
  }
  const read = planned.reads.flatMap((id) => plan.steps.get(id) ?? []);
  return [...read, ...around].map((other) => keyOf(other, inner));
}

/** The run if it may go on. One past its deadline is settled here: walks can outlive it by a resume. */
async function admit(worker: Worker, run: Run | undefined): Promise<Run> {
  if (!run || isTerminal(run.status) || run.stop) throw new Control('RunEnded', 'The run has ended.');
  if (run.pause) throw new Control('RunParked', 'The run pauses.');
  const now = worker.now();
  if (now.toISOString() > run.deadline) {
    await settleRun(worker, run, { kind: 'timed_out' });
    throw new Control('RunEnded', 'The run has reached its deadline.');
  }
  if (run.status === 'pending' && now.getTime() - Date.parse(run.createdAt) > MARK_RUNNING_AFTER_MS)
    return markRunning(worker, run);
  return run;
}

/** pending -> running, with the time of the next look by the sweeper. */
export async function markRunning(worker: Worker, run: Run): Promise<Run> {
  if (run.status !== 'pending') return run;
  const dueAt = nextLook(run, worker.now());
  await worker.runs.markRunning(run, run.createdAt, dueAt);
  return { ...run, status: 'running', startedAt: run.createdAt, dueAt };
}

/** Evaluates a template of the step with every name it may use. */
export async function evaluate(
  scene: Scene,
  template: Template,
  field: string,
  context?: unknown,
  bounds?: Bounds,
): Promise<unknown> {
  return evaluateTemplate(template, await names(scene), { step: scene.planned.id, field }, context, bounds);
}

const loopSpec = z.object({ as: z.string() });

async function names({ worker, run, plan, planned, inner, outputs }: Scene): Promise<Record<string, unknown>> {
  const steps: Record<string, unknown> = {};
  for (const id of planned.reads) {
    const other = plan.steps.get(id);
    if (other) steps[id] = await outputs.of(other, inner);
  }
  const bound: Record<string, unknown> = { input: await worker.values.read(run.inputs), run: runNames(run), steps };
  for (let child = planned, parent = planned.parent; parent; child = parent, parent = parent.parent) {
    const row = await outputs.row(keyOf(parent, inner));
    if (child.list.startsWith('catch'))
      bound['error'] ??= { name: row?.error?.name, message: row?.error?.message, step: row?.error?.step ?? parent.id };
    const index = child.list.startsWith('catch') ? undefined : indexIn(inner, parent.id);
    if (index === undefined || !row?.items) continue;
    const items = await worker.values.read(row.items);
    bound[loopSpec.parse(parent.step.spec).as] ??= Array.isArray(items) ? items[index] : undefined;
    bound['index'] ??= index;
  }
  return bound;
}

export const runNames = ({ id, name, reference, startedAt, createdAt, trigger }: Run) => ({
  id,
  name,
  reference: reference ?? null,
  startedAt: startedAt ?? createdAt,
  trigger,
});

/** Lines of the log about this step, in their order. */
export function lines(scene: Scene, said: Omit<RunEvent, 'id' | 'step' | 'scope' | 'time'>[], at: string[]): RunEvent[] {
  const ids = lineIds(said.length, scene.worker.now(), scene.run.id);
  return said.map((line, n) => ({ id: ids[n] ?? '', time: at[n] ?? '', step: scene.planned.id, scope: scene.scope, ...line }));
}
