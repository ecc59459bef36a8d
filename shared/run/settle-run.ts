import type { Plan } from '../workflow/plan.ts';
import { answerParent } from './answer-parent.ts';
import { closeSteps } from './close-steps.ts';
import { lineIds } from './event.ts';
import type { Engine, Settlement } from './ports.ts';
import { StepEnded } from './ports.ts';
import { type Failure, type Run, walkName } from './run.ts';
import { standingFailures } from './standing-failures.ts';
import { isTerminal } from './status.ts';
import type { StepRow } from './step-row.ts';

/** How a walk ended, as whoever noticed it says. */
export type Outcome =
  | { kind: 'succeeded'; outputs: unknown }
  | { kind: 'failed'; error?: Failure | undefined }
  | { kind: 'timed_out' }
  | { kind: 'cancelled'; reason?: string | undefined };

/**
 * Writes the terminal state of a run, once: the machine's last task, the status rule and the sweeper may all call it, in any order, any
 * number of times. Steps are closed first and the run last, so that a crash in between only repeats it.
 */
export async function settleRun(engine: Engine, run: Run, outcome: Outcome): Promise<Run> {
  if (isTerminal(run.status)) return run;

  const settlement =
    outcome.kind === 'succeeded' ? await success(engine, run, outcome.outputs) : await close(engine, run, outcome);
  const won = await engine.runs.settle(run, settlement);
  if (won) engine.watcher.runSettled(settlement);
  const settled = (won ? undefined : await engine.runs.get(run.id)) ?? settledAs(run, settlement);
  await answerParent(engine, settled);
  return settled;
}

function settledAs(run: Run, { at, endedId, status, ...more }: Settlement): Run {
  return { ...run, status, endedAt: at, endedId, ...more };
}

async function success(engine: Engine, run: Run, outputs: unknown): Promise<Settlement> {
  const stored = await engine.values.store(run.id, 'outputs', outputs);
  return { status: 'succeeded', ...endingOf(engine, run), outputs: stored };
}

async function close(engine: Engine, run: Run, outcome: Exclude<Outcome, { kind: 'succeeded' }>): Promise<Settlement> {
  const ending = run.stop ? 'cancelled' : outcome.kind;
  const plan = await engine.definitions.planOf(run.workflowId, run.definition);
  const rows = new Map((await engine.runs.steps(run.id)).map((row) => [row.key, row]));
  const closing = closeSteps(run, plan, rows, ending, engine.now());

  await writeClosed(engine, run, closing.rows);
  await Promise.all([...rows.values()].map((row) => stopChild(engine, run, row)));
  if (closing.blocked.length > 0) await engine.runs.append(run.id, { name: 'closing', events: closing.blocked });

  const at = endingOf(engine, run);
  if (ending === 'failed')
    return { status: ending, ...at, error: failureOf(plan, rows) ?? (outcome.kind === 'failed' ? outcome.error : undefined) };
  if (ending === 'timed_out')
    return {
      status: ending,
      ...at,
      error: { name: 'Timeout', message: `The run reached its deadline ${run.deadline}.`, step: null },
    };
  if (closing.rows.some(({ error }) => error?.name === 'DRAIN_TIMEOUT'))
    return { status: ending, ...at, error: drainTimeout(run), reason: run.stop?.reason };
  return { status: ending, ...at, reason: run.stop?.reason ?? (outcome.kind === 'cancelled' ? outcome.reason : undefined) };
}

const drainTimeout = (run: Run) => ({
  name: 'DRAIN_TIMEOUT',
  message: `Steps were still in flight at ${run.stop?.until}.`,
  step: null,
});

/** Nobody waits any more for a run that a closed step has started. A crash may have closed the step and left the child. */
export async function stopChild(engine: Engine, run: Run, { status, child: id }: StepRow): Promise<void> {
  const child = (status === 'waiting' || status === 'cancelled') && id !== undefined ? await engine.runs.get(id) : undefined;
  if (!child || isTerminal(child.status)) return;
  const stop = {
    mode: 'immediate' as const,
    by: run.stop?.by ?? run.id,
    at: engine.now().toISOString(),
    reason: `Run ${run.id}, which waited for it, has ended.`,
  };
  if (!(await engine.runs.requestStop(child, stop))) return;
  await engine.walks.stop(child.machine, walkName(child), 'RUN_STOPPED');
  await settleRun(engine, { ...child, stop }, { kind: 'cancelled' });
}

/** The first step that failed for good; a group only repeats what a step in it said. */
function failureOf(plan: Plan, rows: ReadonlyMap<string, StepRow>): Failure | undefined {
  const [first] = standingFailures(plan, rows);
  return first?.error && { name: first.error.name, message: first.error.message, step: first.error.step ?? first.id };
}

function endingOf(engine: Engine, run: Run) {
  const now = engine.now();
  const [endedId = ''] = lineIds(1, now, run.id);
  return { at: now.toISOString(), endedId };
}

/** Writes the rows that close steps, unless those have ended meanwhile. */
export async function writeClosed({ runs }: Pick<Engine, 'runs'>, run: Run, rows: StepRow[]): Promise<void> {
  await Promise.all(rows.map((row) => runs.putStep(run.id, row).catch(unlessEnded)));
}

function unlessEnded(error: unknown) {
  if (!(error instanceof StepEnded)) throw error;
}
