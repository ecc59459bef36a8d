import type { Engine } from '../ports.ts';
import { type Run, walkName } from '../run.ts';
import { isTerminal } from '../status.ts';
import { withChildren } from './children.ts';
import { hasEnded, isStopping } from './refusals.ts';
import { say } from './say.ts';
import { LATEST_LOOK_MS } from './stop-run.ts';

/**
 * No new step starts; what is in flight completes; then the run is `paused`. Ends the walk, which is disposable. Pausing a run that pauses or is
 * paused changes nothing.
 */
export async function pauseRun(engine: Engine, run: Run, by: string, reason?: string): Promise<Run> {
  if (isTerminal(run.status)) throw hasEnded(run);
  if (run.stop) throw isStopping(run);
  if (run.pause && !run.pause.resume) return run;

  const now = engine.now();
  const pause = { by, at: now.toISOString(), ...(reason !== undefined && { reason }) };
  const dueAt = new Date(now.getTime() + LATEST_LOOK_MS).toISOString();
  if (!(await engine.runs.requestPause(run, pause, dueAt))) return afterAll(engine, run);

  await say(engine, run, 'run_pausing', `Pause asked for by ${by}${reason === undefined ? '' : `: ${reason}`}`);
  await engine.walks.stop(run.machine, walkName(run), 'RUN_PAUSED');
  await withChildren(engine, run, (child) => pauseRun(engine, child, by, reason));
  return { ...run, pause, dueAt };
}

/** Somebody else was faster: what stands now answers. */
async function afterAll(engine: Engine, run: Run): Promise<Run> {
  const now = (await engine.runs.get(run.id)) ?? run;
  if (isTerminal(now.status)) throw hasEnded(now);
  if (now.stop) throw isStopping(now);
  return now;
}
