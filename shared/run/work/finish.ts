import { maskOf } from '../../mask.ts';
import { StepError } from '../../step/step-error.ts';
import { evaluateTemplate } from '../../workflow/expression.ts';
import type { Plan } from '../../workflow/plan.ts';
import { isHalting } from '../control/halt.ts';
import { whenQuiet } from '../control/when-quiet.ts';
import { maskedError, secretsOfRun } from '../masked.ts';
import { isOutdated, type Run } from '../run.ts';
import { settleRun } from '../settle-run.ts';
import { Control } from '../signal.ts';
import { isTerminal } from '../status.ts';
import { ValueTooLarge } from '../value.ts';
import { failureFrom } from './caught.ts';
import type { MessageOf } from './message.ts';
import { Outputs } from './outputs.ts';
import { runNames, type Worker } from './scene.ts';

/** All steps have passed: evaluates the outputs and settles the run. A run whose outputs cannot be made has failed. */
export async function succeedRun(worker: Worker, run: Run, plan: Plan, outputs: Outputs): Promise<void> {
  try {
    const settled = await settleRun(worker, run, { kind: 'succeeded', outputs: await outputsOf(worker, run, plan, outputs) });
    if (isHalting(settled)) await whenQuiet(worker, run.id);
  } catch (error) {
    const failure =
      error instanceof StepError
        ? error
        : error instanceof ValueTooLarge
          ? new StepError('OutputTooLarge', error.message)
          : undefined;
    if (!failure) throw error;
    const { name, message } = maskedError(failure, maskOf(await secretsOfRun(worker, run)));
    await settleRun(worker, run, { kind: 'failed', error: { name, message, step: null } });
    throw new Control('RunEnded', 'The outputs of the run could not be made.');
  }
}

async function outputsOf(worker: Worker, run: Run, plan: Plan, outputs: Outputs): Promise<unknown> {
  const { output } = plan.document;
  if (output === undefined) return {};
  const steps: Record<string, unknown> = {};
  await outputs.prepare(plan.outputReads);
  for (const id of plan.outputReads) {
    const planned = plan.steps.get(id);
    if (planned) steps[id] = await outputs.of(planned, '');
  }
  const names = { input: await worker.values.read(run.inputs), run: runNames(run), steps };
  return evaluateTemplate(output, names, { step: null, field: 'output' });
}

export async function succeedByMessage(worker: Worker, { run: ref }: MessageOf<'succeed'>): Promise<void> {
  const [run, plan] = await Promise.all([worker.runs.get(ref.id), worker.definitions.planOf(ref.workflow, ref.definition)]);
  if (run && !isTerminal(run.status) && !isOutdated(run, ref))
    await succeedRun(worker, run, plan, new Outputs(worker, ref.id, plan, worker.recent));
}

/** The machine has caught a failure that nothing in the document took. */
export async function failByMessage(worker: Worker, { run: ref, error }: MessageOf<'fail'>): Promise<void> {
  const run = await worker.runs.get(ref.id);
  if (!run || isTerminal(run.status) || isHalting(run) || isOutdated(run, ref)) return;
  await settleRun(worker, run, run.stop ? { kind: 'cancelled' } : { kind: 'failed', error: failureFrom(error, null) });
}
