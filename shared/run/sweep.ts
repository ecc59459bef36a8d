import { Control } from './control.ts';
import { nextLook } from './next-look.ts';
import { type Run, refOf, walkName } from './run.ts';
import { settleRun } from './settle-run.ts';
import { isTerminal } from './status.ts';
import { walkEnded } from './walk-ended.ts';
import type { Worker } from './work/scene.ts';

export interface Swept {
  /** Runs looked at. */
  seen: number;
  started: number;
  settled: number;
  deferred: number;
  /** Runs that could not be dealt with now; the next sweep tries again. */
  failed: { id: string; error: unknown }[];
}

const BATCH = 100;

/** Looks at the live runs whose time has come: starts walks whose start was lost, settles runs whose end was. */
export async function sweep(worker: Worker): Promise<Swept> {
  const swept: Swept = { seen: 0, started: 0, settled: 0, deferred: 0, failed: [] };
  for (const id of await worker.runs.due(worker.now().toISOString(), BATCH)) {
    swept.seen += 1;
    try {
      const run = await worker.runs.get(id);
      if (run && !isTerminal(run.status)) swept[await look(worker, run)] += 1;
    } catch (error) {
      if (error instanceof Control) swept.settled += 1;
      else swept.failed.push({ id, error });
    }
  }
  return swept;
}

async function look(worker: Worker, run: Run): Promise<'started' | 'settled' | 'deferred'> {
  const now = worker.now();
  const walk = await worker.walks.status(run.machine, walkName(run));

  if (run.stop || now.toISOString() > run.deadline) {
    if (walk === 'running') await worker.walks.stop(run.machine, walkName(run), run.stop ? 'RUN_STOPPED' : 'RUN_TIMED_OUT');
    await settleRun(worker, run, run.stop ? { kind: 'cancelled' } : { kind: 'timed_out' });
    return 'settled';
  }
  if (walk && walk !== 'running') {
    await walkEnded(worker, run, walk);
    return 'settled';
  }
  if (!walk) await worker.walks.start(run.machine, walkName(run), refOf(run));
  await worker.runs.defer(run, nextLook(run, now));
  return walk ? 'deferred' : 'started';
}
