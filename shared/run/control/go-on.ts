import { nextLook } from '../next-look.ts';
import type { Engine } from '../ports.ts';
import { type Run, refOf, walkName } from '../run.ts';
import { lineOf } from './say.ts';

/** Starts the next walk of a run that has paused. The time that it was paused does not count against its deadline. */
export async function goOn(engine: Engine, run: Run, by = run.pause?.resumedBy): Promise<Run> {
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
  const say = lineOf(engine, run, 'run_resumed', by === undefined ? 'Goes on.' : `Resumed by ${by}.`);
  if (!(await engine.runs.markResumed(run, next))) return (await engine.runs.get(run.id)) ?? run;

  await say();
  await engine.walks
    .start(next.machine, walkName(next), refOf(next))
    .catch((error: unknown) => engine.watcher.startLost(next, error));
  return next;
}
