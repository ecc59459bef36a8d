import { Problem } from '../../problem.ts';
import type { Engine } from '../ports.ts';
import type { Run } from '../run.ts';
import { isTerminal } from '../status.ts';
import { goOn } from './go-on.ts';
import { hasEnded, isStopping } from './refusals.ts';
import { waitedFor } from './waited-for.ts';

/**
 * Lets a paused run go on where it stood: another walk over its checkpoints. A run that is still pausing goes on as soon as nothing is in flight;
 * one that is not paused is left as it is. The runs that its steps wait for go on with it.
 */
export async function resumeRun(engine: Engine, run: Run, by: string): Promise<Run> {
  if (isTerminal(run.status)) throw hasEnded(run);
  if (run.stop) throw isStopping(run);
  if (!run.pause) return run;
  const resumed = run.status === 'paused' ? await goOn(engine, run, by) : await goOnLater(engine, run, by);
  await Promise.all((await waitedFor(engine, run)).map((child) => resumeRun(engine, child, by).catch(unlessRefused)));
  return resumed;
}

async function goOnLater(engine: Engine, run: Run, by: string): Promise<Run> {
  await engine.runs.resumeWhenQuiet(run, by);
  const now = await engine.runs.get(run.id);
  return now?.status === 'paused' ? goOn(engine, now, by) : (now ?? run);
}

/** A child that has ended or is being stopped cannot go on. */
function unlessRefused(error: unknown): void {
  if (!(error instanceof Problem)) throw error;
}
