import { evaluateTemplate } from '../../expression/expression.ts';
import { maskOf } from '../../kernel/mask.ts';
import { StepError } from '../../kernel/step-error.ts';
import type { Journal } from '../journal/journal.ts';
import type { EntryOf } from '../model/entry.ts';
import { ValueTooLarge } from '../model/value.ts';
import type { EngineServices } from '../ports.ts';
import { maskedFailure } from '../shown/masked.ts';
import type { Names } from './names.ts';

/** All steps have passed: makes the outputs. A run whose outputs cannot be made has failed. */
export async function finishRun({ values, now }: EngineServices, journal: Journal, names: Names): Promise<EntryOf<'run_ended'>> {
  const { output } = journal.state.plan.document;
  try {
    const outputs =
      output === undefined ? {} : await evaluateTemplate(output, await names.ofRun(), { step: null, field: 'output' });
    const stored = await values.store(journal.run.id, 'outputs', outputs);
    return { type: 'run_ended', at: now().toISOString(), status: 'succeeded', outputs: stored };
  } catch (error) {
    const name = error instanceof ValueTooLarge ? 'OutputTooLarge' : error instanceof StepError ? error.name : undefined;
    if (name === undefined || !(error instanceof Error)) throw error;
    const failure = maskedFailure({ name, message: error.message }, maskOf(await names.secrets()));
    return { type: 'run_ended', at: now().toISOString(), status: 'failed', error: failure };
  }
}
