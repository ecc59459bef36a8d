import { StepError } from '../../step/step-error.ts';
import { closeInside, isInside } from '../close-steps.ts';
import type { Failure } from '../run.ts';
import { writeClosed } from '../settle-run.ts';
import { standingFailures } from '../standing-failures.ts';
import { failGroup } from './group.ts';
import type { MessageOf } from './message.ts';
import type { Scene } from './scene.ts';

/** What Step Functions says of a task that gave no answer of its own. */
export function failureFrom({ Error: name }: { Error: string }, step: string | null): Failure {
  if (name === 'States.Timeout') return { name: 'Timeout', message: 'The step did not answer within its timeout.', step };
  return { name: 'StepInterrupted', message: `The worker stopped in the middle of the step (${name}).`, step };
}

/** A catcher took the failure of a step: notes which one, and first the failure itself where the step could not. */
export async function takeFailure(scene: Scene, { run, scope, handler, error }: MessageOf<'caught'>) {
  const { worker, planned, row, key } = scene;
  if (row?.status !== 'failed') {
    const failure = (await failureInside(scene, error.Error)) ?? failureFrom(error, planned.id);
    await failGroup(scene, new StepError(failure.name, failure.message), failure.step ?? undefined);
  }
  if (row?.handler === undefined) await worker.runs.takeFailure(run.id, key, handler);
  return { run, scope };
}

/** What ended a group: the first failure in it under the name that the machine heard. What else is in flight there is cancelled. */
async function failureInside({ worker, run, plan, planned, scope }: Scene, name: string): Promise<Failure | undefined> {
  if (planned.lists.size === 0) return undefined;
  const group = { planned, scope };
  const rows = new Map((await worker.runs.steps(run.id)).map((row) => [row.key, row]));
  await writeClosed(worker, run, closeInside(run, plan, rows, group, worker.now()));

  const failed = standingFailures(plan, rows).filter((row) => {
    const step = plan.steps.get(row.id);
    return step !== undefined && isInside({ planned: step, scope: row.scope }, group);
  });
  const cause = failed.find(({ error }) => error?.name === name) ?? failed[0];
  return cause?.error && { name: cause.error.name, message: cause.error.message, step: cause.error.step ?? cause.id };
}
