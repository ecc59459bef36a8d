import * as z from 'zod';
import { Problem } from '../../kernel/problem.ts';
import { checkRerun, rerunRun } from '../../run/rerun/rerun-run.ts';
import { runVerb } from '../verb.ts';
import { notEnded } from './state-words.ts';

const params = z.object({
  from: z.string(),
  inputs: z.union([z.literal('same'), z.record(z.string(), z.unknown())]),
  version: z.union([z.enum(['original', 'latest']), z.int()]),
  confirmRepeat: z.boolean(),
  acceptChanges: z.boolean(),
});

/** The id of job and run is the idempotency key: whoever comes again gets the run that was started. */
export const rerun = runVerb({
  role: 'operator',
  word: 'run.rerun',
  params,
  async exclusion(services, run, choice) {
    const live = notEnded(run);
    if (live !== undefined) return live;
    try {
      await checkRerun(services, run, choice);
      return undefined;
    } catch (error) {
      if (error instanceof Problem) return reasonOf(error, run.id);
      throw error;
    }
  },
  async act(services, run, choice, job) {
    const { run: started } = await rerunRun(services, run, { ...choice, actor: job.actor, key: `job ${job.id} ${run.id}` });
    return { runId: started.id };
  },
});

/** In words that do not differ from run to run, with the steps that it is about. */
function reasonOf({ message, details }: Problem, id: string): string {
  const words = message.replaceAll(`Run ${id}`, 'It').replace(/There is no definition "\w+"\./, 'Its version is gone.');
  const steps = details.filter(({ name }) => name === 'repeats').map(({ value }) => value);
  return steps.length > 0 ? `${words} They are: ${steps.join(', ')}.` : words;
}
