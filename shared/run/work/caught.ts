import { StepError } from '../../step/step-error.ts';
import type { Failure } from '../run.ts';
import { scopeOf } from '../scope.ts';
import type { StepRow } from '../step-row.ts';
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
    const failure = (await failureInside(scene)) ?? failureFrom(error, planned.id);
    await failGroup(scene, new StepError(failure.name, failure.message), failure.step ?? undefined);
  }
  if (row?.handler === undefined) await worker.runs.takeFailure(run.id, key, handler);
  return { run, scope };
}

/** The step inside a group that failed last: the one that ended the group. */
async function failureInside({ worker, run, plan, planned, scope }: Scene): Promise<Failure | undefined> {
  if (planned.lists.size === 0) return undefined;
  const inside = (row: StepRow) => {
    for (let step = plan.steps.get(row.id)?.parent; step; step = step.parent) {
      if (step.id === planned.id) return scopeOf(planned, row.scope) === scope;
    }
    return false;
  };
  const failed = (await worker.runs.steps(run.id)).filter(
    (row) => row.status === 'failed' && row.handler === undefined && inside(row),
  );
  const last = failed.sort((a, b) => (b.endedAt ?? '').localeCompare(a.endedAt ?? ''))[0];
  return last?.error && { name: last.error.name, message: last.error.message, step: last.error.step ?? last.id };
}
