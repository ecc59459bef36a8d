import type { Engine } from '../ports.ts';
import type { Run } from '../run.ts';
import { isTerminal } from '../status.ts';
import { askToHalt } from './ask-to-halt.ts';
import { hasEnded, isStopping } from './refusals.ts';

/**
 * No new step starts; what is in flight completes; then the run is `paused`. The runs that its steps wait for pause with it. Pausing a run that pauses
 * or is paused changes nothing.
 */
export async function pauseRun(engine: Engine, run: Run, by: string, reason?: string): Promise<Run> {
  if (isTerminal(run.status)) throw hasEnded(run);
  if (run.stop) throw isStopping(run);
  if (run.pause && !run.pause.resume) return run;

  const pause = { by, at: engine.now().toISOString(), ...(reason !== undefined && { reason }) };
  if (!(await askToHalt(engine, run, { pause }))) return afterAll(engine, run);
  return (await engine.runs.get(run.id)) ?? { ...run, pause };
}

/** Somebody else was faster: what stands now answers. */
async function afterAll(engine: Engine, run: Run): Promise<Run> {
  const now = (await engine.runs.get(run.id)) ?? run;
  if (isTerminal(now.status)) throw hasEnded(now);
  if (now.stop) throw isStopping(now);
  return now;
}
