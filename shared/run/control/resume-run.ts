import { nextLook } from '../next-look.ts';
import type { Engine } from '../ports.ts';
import { type Run, refOf, walkName } from '../run.ts';
import { isTerminal } from '../status.ts';
import { withChildren } from './children.ts';
import { hasEnded, isStopping } from './refusals.ts';
import { say } from './say.ts';

/**
 * Lets a paused run go on where it stood: another walk over its checkpoints. A run that is still pausing goes on as soon as nothing is in flight;
 * one that is not paused is left as it is.
 */
export async function resumeRun(engine: Engine, run: Run): Promise<Run> {
  if (isTerminal(run.status)) throw hasEnded(run);
  if (run.stop) throw isStopping(run);
  if (!run.pause) return run;
  const resumed = run.status === 'paused' ? await goOn(engine, run) : await goOnLater(engine, run);
  await withChildren(engine, run, (child) => resumeRun(engine, child));
  return resumed;
}

/** Starts the next walk. The time that the run was paused does not count against its deadline. */
export async function goOn(engine: Engine, run: Run): Promise<Run> {
  const now = engine.now();
  const pausedMs = run.pause ? Math.max(0, now.getTime() - Date.parse(run.pause.at)) : 0;
  const deadline = new Date(Date.parse(run.deadline) + pausedMs).toISOString();
  const { pause: _, ...rest } = run;
  const next: Run = {
    ...rest,
    status: 'running',
    walk: run.walk + 1,
    resumedAt: now.toISOString(),
    deadline,
    dueAt: nextLook({ ...run, deadline }, now),
  };
  if (!(await engine.runs.markResumed(run, next))) return (await engine.runs.get(run.id)) ?? run;

  await say(engine, run, 'run_resumed', 'Goes on.');
  await engine.walks
    .start(next.machine, walkName(next), refOf(next))
    .catch((error: unknown) => engine.watcher.startLost(next, error));
  return next;
}

async function goOnLater(engine: Engine, run: Run): Promise<Run> {
  if (await engine.runs.resumeWhenQuiet(run)) return { ...run, ...(run.pause && { pause: { ...run.pause, resume: true } }) };
  const now = await engine.runs.get(run.id);
  return now?.status === 'paused' ? goOn(engine, now) : (now ?? run);
}
