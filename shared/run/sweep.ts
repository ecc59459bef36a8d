import { answerAgain, answerStep } from './answer-parent.ts';
import { isDrained, isHalting, nextLookAtHalt } from './control/halt.ts';
import { whenQuiet } from './control/when-quiet.ts';
import { nextLook } from './next-look.ts';
import { type Run, refOf, walkName } from './run.ts';
import { settleRun } from './settle-run.ts';
import { Control } from './signal.ts';
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

  if (isHalting(run) && !isDrained(run, now)) {
    if (walk === 'running') await worker.walks.stop(run.machine, walkName(run), 'RUN_STOPPED');
    await worker.runs.defer(run, nextLookAtHalt(now, run.stop?.until));
    await whenQuiet(worker, run.id);
    return 'settled';
  }
  if (run.stop || now.toISOString() > run.deadline) {
    // The run first: who hears that its walk was aborted finds it ended.
    await settleRun(worker, run, run.stop ? { kind: 'cancelled' } : { kind: 'timed_out' });
    if (walk === 'running') await worker.walks.stop(run.machine, walkName(run), run.stop ? 'RUN_STOPPED' : 'RUN_TIMED_OUT');
    return 'settled';
  }
  if (walk && walk !== 'running') {
    await walkEnded(worker, run, walk);
    return 'settled';
  }
  if (!walk) return startAgain(worker, run);
  await hearChildren(worker, run);
  await worker.runs.defer(run, nextLook(run, now));
  return 'deferred';
}

/** Runs that steps wait for may have ended without being heard. */
async function hearChildren(worker: Worker, run: Run): Promise<void> {
  for (const row of await worker.runs.steps(run.id)) {
    const child = row.status === 'waiting' && row.child !== undefined ? await worker.runs.get(row.child) : undefined;
    await (child ? answerStep(worker, run, row, child) : answerAgain(worker, row));
  }
}

/** A run whose walk cannot be started for this long is given up: nothing stays live for ever. */
const STALLED_AFTER_MS = 15 * 60_000;

async function startAgain(worker: Worker, run: Run): Promise<'started' | 'settled'> {
  const now = worker.now();
  try {
    await worker.walks.start(run.machine, walkName(run), refOf(run));
  } catch (error) {
    const last = Date.parse(run.resumedAt ?? run.createdAt);
    if (now.getTime() - last < STALLED_AFTER_MS) throw error;
    await settleRun(worker, run, { kind: 'failed', error: stalled(error) });
    return 'settled';
  }
  await worker.runs.defer(run, nextLook(run, now));
  return 'started';
}

const stalled = (error: unknown) => ({
  name: 'RUN_STALLED',
  message: `Its state machine could not be started: ${error instanceof Error ? error.name : 'unknown error'}.`,
  step: null,
});
