import { timerKind } from '../../step/registry.ts';
import { StepError } from '../../step/step-error.ts';
import type { StepRow } from '../step-row.ts';
import { completeStep, failGroup } from './group.ts';
import { answered, asStepError, skippedByCondition } from './leaf.ts';
import type { MessageOf } from './message.ts';
import { evaluate, lines, markRunning, type Scene } from './scene.ts';

type TimerAnswer = Pick<MessageOf<'enter'>, 'run' | 'scope'> & { until: string };

/** An instant that has surely passed: a wait that is over goes on at once. */
const PASSED = '1970-01-01T00:00:00.000Z';

/** Fixes the instant of a wait, once: a walk that comes back waits for the same one. */
export async function enterTimer(scene: Scene, { run, scope }: MessageOf<'enter'>): Promise<TimerAnswer> {
  if (answered(scene.row) || (await skippedByCondition(scene))) return { run, scope, until: PASSED };
  if (scene.row?.until) return { run, scope, until: scene.row.until };
  const until = await fixInstant(scene).catch(async (error: unknown) => {
    throw await failGroup(scene, asStepError(error));
  });
  return { run, scope, until };
}

async function fixInstant(scene: Scene): Promise<string> {
  const { worker, run, planned, scope, key } = scene;
  const kind = timerKind(planned.step.kind);
  const value = await evaluate(scene, planned.step.spec, planned.step.kind);
  const spec = kind.resolved.safeParse(value);
  if (!spec.success)
    throw new StepError('ExpressionError', `${planned.id}.${planned.step.kind}: ${spec.error.issues[0]?.message}`);

  const now = worker.now();
  const until = kind.until(spec.data, now).toISOString();
  const row: StepRow = { key, id: planned.id, scope, status: 'running', failures: 0, startedAt: now.toISOString(), until };
  const events = lines(scene, [{ type: 'step_started', message: `Waits until ${until}.`, attempt: 1 }], [now.toISOString()]);
  await Promise.all([worker.runs.putStep(run.id, row, { events }), markRunning(worker, run)]);
  return until;
}

export async function exitTimer(scene: Scene): Promise<void> {
  if (answered(scene.row)) return;
  const { worker, run, planned, row, key } = scene;
  const full = { until: row?.until ?? null };
  try {
    const output = planned.step.output === undefined ? full : await evaluate(scene, planned.step.output, 'output', full);
    await completeStep(scene, await worker.values.store(run.id, `${key}.output`, output));
  } catch (error) {
    throw await failGroup(scene, asStepError(error));
  }
}
