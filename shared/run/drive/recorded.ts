import { isDeepStrictEqual } from 'node:util';
import { StepError } from '../../kernel/step-error.ts';
import type { Run } from '../model/run.ts';
import type { Scene } from './scene.ts';

/** Whether nothing of this run reaches outside: a test whose calls are answered from the record. */
export const isRecorded = ({ test }: Pick<Run, 'test'>) => test?.mode === 'recorded';

/** What the record says that this attempt of a step came to; `made`: its `output` is made already. Throws the failure that is recorded, or `NotRecorded`. */
export async function recordedResult({
  services,
  journal,
  planned,
  key,
  step,
}: Scene): Promise<{ full: unknown; made: boolean }> {
  const id = journal.run.test?.id ?? '';
  const recording = await services.recordings.recordingOf(id);
  const attempt = step?.failures ?? 0;
  const answer = recording?.answers[key]?.[attempt];
  if (!answer) {
    throw new StepError(
      'NotRecorded',
      `Test ${id} has no answer for attempt ${attempt + 1} of step "${key}": the run that it was made of made no such call. Run the tests for real, or make the test of a newer run.`,
    );
  }
  if ('error' in answer) throw new StepError(answer.error.name, answer.error.message, answer.error.data);
  const before = recording?.made[planned.id];
  if (before === undefined) return { full: answer.output, made: false };
  if (isDeepStrictEqual(before, planned.step.output)) return { full: answer.output, made: true };
  throw new StepError(
    'NotRecorded',
    `The output of step "${planned.id}" is made in another way than in the run that test ${id} was made of, and what it was made from is not recorded. Run the tests for real, or make the test of a newer run.`,
  );
}
