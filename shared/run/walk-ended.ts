import { isHalting } from './control/halt.ts';
import { whenQuiet } from './control/when-quiet.ts';
import type { WalkEnd } from './ports.ts';
import type { Run } from './run.ts';
import type { Outcome } from './settle-run.ts';
import { settleRun } from './settle-run.ts';
import { isTerminal } from './status.ts';
import { succeedRun } from './work/finish.ts';
import { Outputs } from './work/outputs.ts';
import type { Worker } from './work/scene.ts';

/** An execution takes 25,000 events at most. Walks are disposable: once nothing is in flight, the next one goes on over the checkpoints. */
async function walkOn(worker: Worker, run: Run): Promise<void> {
  const at = worker.now().toISOString();
  const pause = { by: 'millrun', at, reason: 'The history of the walk was full.', resume: true };
  if (!isHalting(run)) await worker.runs.requestPause(run, pause, at);
  await whenQuiet(worker, run.id);
}

/** A walk has ended while its run lives: says how the run ends. */
function outcomeOf(run: Run, end: Exclude<WalkEnd, 'succeeded' | 'exhausted'>): Outcome {
  if (run.stop) return { kind: 'cancelled' };
  if (end === 'timed_out') return { kind: 'timed_out' };
  if (end === 'aborted') return { kind: 'cancelled', reason: 'Its Step Functions execution was aborted.' };
  return { kind: 'failed', error: { name: 'StepInterrupted', message: 'Its Step Functions execution failed.', step: null } };
}

/** Settles the run of a walk that has ended, unless the machine's last task has. */
export async function walkEnded(worker: Worker, run: Run, end: WalkEnd): Promise<void> {
  if (isTerminal(run.status)) return;
  if (end === 'exhausted') return walkOn(worker, run);
  if (end !== 'succeeded' && isHalting(run)) return whenQuiet(worker, run.id);
  if (end !== 'succeeded') return void (await settleRun(worker, run, outcomeOf(run, end)));
  const plan = await worker.definitions.planOf(run.workflowId, run.definition);
  await succeedRun(worker, run, plan, new Outputs(worker, run.id, plan, worker.recent));
}
