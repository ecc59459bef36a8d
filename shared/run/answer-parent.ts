import { maskOf } from '../mask.ts';
import { afterFailure } from './after-failure.ts';
import { lineIds, type RunEvent } from './event.ts';
import { secretsOfRun } from './masked.ts';
import { type Engine, type LogLines, StepEnded } from './ports.ts';
import type { Run } from './run.ts';
import { isTerminal, RUN_STATUS } from './status.ts';
import type { StepRow } from './step-row.ts';

export const CHILD_FAILED = 'ChildRunFailed';

/**
 * A run that a step waits for has ended: lets the walk of its parent go on, or fails the step. May be called any number of times, by the end of the
 * child, by a parent that comes back to the step, by the sweeper.
 */
export async function answerParent(engine: Engine, child: Run): Promise<void> {
  if (child.parent === undefined || child.parentStep === undefined || !isTerminal(child.status)) return;
  const { run: parent, steps } = await engine.runs.load(child.parent, [child.parentStep]);
  const row = steps.get(child.parentStep);
  if (parent && row) await answerStep(engine, parent, row, child);
}

/** The same for a step and the run it waits for, which may be the child of the run that its own run runs again. */
export async function answerStep(engine: Engine, parent: Run, row: StepRow, child: Run): Promise<void> {
  if (!isTerminal(child.status) || isTerminal(parent.status) || row.status !== 'waiting' || row.child !== child.id) return;
  if (child.status === 'succeeded' || child.status === 'skipped') {
    if (row.token !== undefined) await engine.walks.answer(row.token);
    return;
  }
  // What a stop of the parent has brought about is no failure of the step: the end of the parent cancels it.
  if (parent.stop) return;
  const name = await failStep(engine, parent, row, child);
  if (name !== undefined && row.token !== undefined) await engine.walks.answer(row.token, name);
}

/** The machine may not have heard what was written down: a crash can stand in between. Nothing comes of an answer that it had before. */
export async function answerAgain(engine: Engine, { status, token, error, child }: StepRow): Promise<void> {
  if (token === undefined || child === undefined || error?.name !== CHILD_FAILED) return;
  if (status === 'failed') await engine.walks.answer(token, CHILD_FAILED);
  if (status === 'pending') await engine.walks.answer(token, 'StepRetry');
}

/** Writes the failure down, once, and answers what the machine should hear: `StepRetry` when another attempt is due. */
async function failStep(engine: Engine, parent: Run, row: StepRow, child: Run): Promise<string | undefined> {
  const plan = await engine.definitions.planOf(parent.workflowId, parent.definition);
  const retry = plan.steps.get(row.id)?.step.retry;
  const failures = row.failures + 1;
  const again = afterFailure(CHILD_FAILED, failures, retry).kind === 'retry';
  const now = engine.now();
  const at = now.toISOString();
  const [id = ''] = lineIds(1, now, parent.id);
  const mask = maskOf(await secretsOfRun(engine, parent));
  const error = { name: CHILD_FAILED, message: mask.text(messageOf(child)), data: { run_id: child.id } };
  const said: RunEvent = {
    id,
    time: at,
    type: again ? 'step_retrying' : 'step_failed',
    step: row.id,
    scope: row.scope,
    attempt: failures,
    message: `${CHILD_FAILED}: ${error.message}`,
    data: error.data,
  };
  const [next, lines]: [StepRow, LogLines | undefined] = again
    ? [{ ...row, status: 'pending', failures, error }, { events: [said] }]
    : [{ ...row, status: 'failed', failures, error, endedAt: at, logId: id, events: [said] }, undefined];
  return engine.runs
    .putStep(parent.id, next, lines, { waitsFor: child.id })
    .then(() => (again ? 'StepRetry' : CHILD_FAILED), unlessAnswered);
}

/** Somebody else was faster, and has told the machine or will. */
function unlessAnswered(error: unknown): undefined {
  if (!(error instanceof StepEnded)) throw error;
}

const messageOf = (child: Run) =>
  `Run ${child.id} of "${child.workflowName}" ${child.error ? `failed with ${child.error.name}: ${child.error.message}` : `ended as ${RUN_STATUS[child.status].v1}`}`;
