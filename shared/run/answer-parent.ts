import { afterFailure } from './after-failure.ts';
import { lineIds, type RunEvent } from './event.ts';
import { type Engine, StepEnded } from './ports.ts';
import type { Run } from './run.ts';
import { isTerminal, RUN_STATUS } from './status.ts';
import { hasEnded, type StepRow } from './step-row.ts';

export const CHILD_FAILED = 'ChildRunFailed';

/**
 * A run that a step waits for has ended: lets the walk of its parent go on, or fails the step. May be called any number of times, by the end of the
 * child, by a parent that comes back to the step, by the sweeper.
 */
export async function answerParent(engine: Engine, child: Run): Promise<void> {
  if (child.parent === undefined || child.parentStep === undefined || !isTerminal(child.status)) return;
  const { run: parent, steps } = await engine.runs.load(child.parent, [child.parentStep]);
  const row = steps.get(child.parentStep);
  if (!parent || isTerminal(parent.status) || row?.status !== 'waiting' || (row.child !== undefined && row.child !== child.id))
    return;
  if (child.status === 'succeeded' || child.status === 'skipped') {
    if (row.token !== undefined) await engine.walks.answer(row.token);
    return;
  }
  const name = await failStep(engine, parent, row, child);
  if (row.token !== undefined) await engine.walks.answer(row.token, name);
}

/** Writes the failure down, and answers what the machine should hear: `StepRetry` when another attempt is due. */
async function failStep(engine: Engine, parent: Run, row: StepRow, child: Run): Promise<string> {
  const plan = await engine.definitions.planOf(parent.workflowId, parent.definition);
  const retry = plan.steps.get(row.id)?.step.retry;
  const failures = row.failures + 1;
  const again = afterFailure(CHILD_FAILED, failures, retry).kind === 'retry';
  const now = engine.now();
  const at = now.toISOString();
  const [id = ''] = lineIds(1, now, parent.id);
  const error = { name: CHILD_FAILED, message: messageOf(child), data: { run_id: child.id } };
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
  const { token: _, ...rest } = row;
  const written = again
    ? engine.runs.putStep(parent.id, { ...rest, status: 'pending', failures, error }, { events: [said] })
    : engine.runs.putStep(parent.id, { ...rest, status: 'failed', failures, error, endedAt: at, logId: id, events: [said] });
  await written.catch((reason: unknown) => {
    if (!(reason instanceof StepEnded)) throw reason;
  });
  return again && !hasEnded(row) ? 'StepRetry' : CHILD_FAILED;
}

const messageOf = (child: Run) =>
  `Run ${child.id} of "${child.workflowName}" ${child.error ? `failed with ${child.error.name}: ${child.error.message}` : `ended as ${RUN_STATUS[child.status].v1}`}`;
