import { maskOf } from '../../mask.ts';
import { groupKind } from '../../step/registry.ts';
import { StepError } from '../../step/step-error.ts';
import { afterFailure } from '../after-failure.ts';
import { closeInside } from '../close-steps.ts';
import { maskedError, secretsOfRun } from '../masked.ts';
import type { Stored } from '../run.ts';
import { itemScope, tryScope } from '../scope.ts';
import { writeClosed } from '../settle-run.ts';
import { Control } from '../signal.ts';
import { standingFailures } from '../standing-failures.ts';
import { hasEnded, type StepRow } from '../step-row.ts';
import { hasPassed } from '../survey.ts';
import { answered, asStepError, quiet, skippedByCondition } from './leaf.ts';
import type { MessageOf } from './message.ts';
import { evaluate, lines, markRunning, type Scene } from './scene.ts';

type EnterAnswer = Pick<MessageOf<'enter'>, 'run' | 'scope'> & { items?: number[]; case?: string; skip: boolean };

/** Opens a group: its condition, the case it takes, the items it walks, the try it is in. Answers the next state input. */
export async function enterGroup(scene: Scene, { run, scope }: MessageOf<'enter'>): Promise<EnterAnswer> {
  const passed = { run, scope, items: [], case: 'skip', skip: true };
  if (answered(scene.row) || (await skippedByCondition(scene))) return passed;

  const row = await openRow(scene).catch(async (error: unknown) => {
    throw await failGroup(scene, asStepError(error));
  });
  const inner = row.tries === undefined ? scope : tryScope(scene.scope, scene.planned.id, row.tries);
  return {
    run,
    scope: inner,
    skip: false,
    ...(row.case !== undefined && { case: row.case }),
    ...(row.itemCount !== undefined && { items: await unfinishedItems(scene, inner, row.itemCount) }),
  };
}

async function openRow(scene: Scene): Promise<StepRow> {
  const { worker, run, planned, scope, key, row } = scene;
  const tries = planned.step.retry && (await currentTry(scene));
  if (row && row.tries === tries) return row;

  const kind = groupKind(planned.step.kind);
  const entry = await kind.enter(planned.step.spec as never, (template, field) => evaluate(scene, template, field));
  const items: Stored | undefined = entry.items && (await worker.values.store(run.id, `${key}.items${tries ?? ''}`, entry.items));
  const at = worker.now().toISOString();
  const first = row === undefined;
  const opened: StepRow = {
    key,
    id: planned.id,
    scope,
    status: 'running',
    failures: (tries ?? 1) - 1,
    startedAt: row?.startedAt ?? at,
    ...(tries !== undefined && { tries }),
    ...(entry.case !== undefined && { case: entry.case }),
    ...(items && { items, itemCount: entry.items?.length ?? 0 }),
  };
  const line = first
    ? ({ type: 'step_started', message: 'Started.', attempt: 1 } as const)
    : ({ type: 'step_retrying', message: `Started try ${tries}.`, attempt: tries } as const);
  await Promise.all([worker.runs.putStep(run.id, opened, { events: lines(scene, [line], [at]) }), markRunning(worker, run)]);
  return opened;
}

/**
 * A try is over when a step in it has failed for good; a walk that comes back to a try that has not goes on in it. What is still in flight
 * in a try that is over is cancelled. The machine counts tries too, but a walk that comes back counts from the start.
 */
async function currentTry({ worker, run, plan, planned, scope, row }: Scene): Promise<number> {
  if (!row) return 1;
  const tries = row.tries ?? 1;
  const rows = new Map((await worker.runs.steps(run.id)).map((one) => [one.key, one]));
  const [failed] = standingFailures(plan, rows).filter((one) => one.scope.startsWith(tryScope(scope, planned.id, tries)));
  if (!failed) return tries;
  const { name, message } = failed.error ?? { name: 'StepInterrupted', message: '' };
  await writeClosed(worker, run, closeInside(run, plan, rows, { planned, scope }, worker.now()));
  if (afterFailure(name, tries, planned.step.retry).kind === 'retry') return tries + 1;
  throw new StepError(name, message);
}

/** Indices of the items whose steps have not all passed. */
async function unfinishedItems({ worker, run, plan, planned, row }: Scene, inner: string, count: number): Promise<number[]> {
  const all = Array.from({ length: count }, (_, index) => index);
  if (!row) return all;
  const rows = new Map((await worker.runs.stepsUnder(run.id, `${inner}${planned.id}[`)).map((inside) => [inside.key, inside]));
  const ids = [...planned.lists].filter(([list]) => !list.startsWith('catch')).flatMap(([, inList]) => inList);
  const isDone = (index: number) => ids.every((id) => hasPassed(plan, rows, id, itemScope(inner, planned.id, index)));
  return all.filter((index) => !isDone(index));
}

/** Closes a group: assembles its output from those of its steps. */
export async function exitGroup(scene: Scene): Promise<void> {
  const { worker, run, planned, row, inner, outputs } = scene;
  if (answered(row)) return;
  const kind = groupKind(planned.step.kind);
  const scope = row?.tries === undefined ? inner : tryScope(scene.scope, planned.id, row.tries);
  const scopeIn = (index?: number) => (index === undefined ? scope : itemScope(scope, planned.id, index));
  try {
    const items = row?.items && (await worker.values.read(row.items));
    const entry = { ...(row?.case !== undefined && { case: row.case }), ...(Array.isArray(items) && { items }) };
    await outputs.prepare(lastKeys(planned.lists, row, scopeIn));
    const full = await kind.output(planned.step.spec as never, entry, (branch, index) =>
      outputs.last(planned.lists.get(branch) ?? [], scopeIn(index)),
    );
    const output = planned.step.output === undefined ? full : await evaluate(scene, planned.step.output, 'output', full);
    await completeStep(scene, await worker.values.store(run.id, `${scene.key}.output`, output));
  } catch (error) {
    if (error instanceof Control) throw error;
    throw await failGroup(scene, asStepError(error));
  }
}

/** The rows that the output most likely stands on: the last step of each list, in every item. */
function lastKeys(lists: Map<string, string[]>, row: StepRow | undefined, scopeIn: (index?: number) => string): string[] {
  const last = [...lists].flatMap(([list, ids]) => (list.startsWith('catch') ? [] : ids.slice(-1)));
  if (row?.itemCount === undefined) return last.map((id) => scopeIn() + id);
  return Array.from({ length: row.itemCount }, (_, index) => last.map((id) => scopeIn(index) + id)).flat();
}

/** Writes the end of a step that is not a leaf, with its start where that has not been said. */
export async function completeStep(scene: Scene, output: Stored): Promise<void> {
  const { worker, run, planned, scope, key, row, outputs } = scene;
  const at = worker.now().toISOString();
  const done = { type: 'step_completed', message: 'Completed.', attempt: row?.tries ?? 1, output: true } as const;
  const events = row
    ? lines(scene, [done], [at])
    : lines(scene, [{ type: 'step_started', message: 'Started.', attempt: 1 }, done], [at, at]);
  const base = row ?? { key, id: planned.id, scope, failures: 0, startedAt: at };
  const ended: StepRow = { ...base, status: 'succeeded', endedAt: at, output, logId: events.at(-1)?.id, events };
  await worker.runs.putStep(run.id, ended);
  outputs.learn([ended]);
}

/** Writes down that the group itself failed and answers what to throw. */
export async function failGroup(scene: Scene, cause: StepError, from?: string): Promise<Error> {
  const { worker, run, planned, scope, key, row } = scene;
  const error = maskedError(cause, maskOf(await secretsOfRun(worker, run)));
  const at = worker.now().toISOString();
  const message = `${error.name}: ${error.message}`;
  const events = lines(
    scene,
    [{ type: 'step_failed', message, attempt: row?.tries ?? 1, ...(error.data !== undefined && { data: error.data }) }],
    [at],
  );
  const base = row && !hasEnded(row) ? row : { key, id: planned.id, scope, failures: 0, startedAt: at };
  const failed: StepRow = {
    ...base,
    status: 'failed',
    failures: base.failures + 1,
    endedAt: at,
    error: {
      name: error.name,
      message: error.message,
      ...(from !== undefined && { step: from }),
      ...(error.data !== undefined && { data: error.data }),
    },
    logId: events.at(-1)?.id,
    events,
  };
  await worker.runs.putStep(run.id, failed);
  return quiet(error.name, planned.id);
}
