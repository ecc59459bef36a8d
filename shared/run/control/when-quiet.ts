import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../ports.ts';
import type { Run } from '../run.ts';
import { settleRun } from '../settle-run.ts';
import { haltChildren } from './ask-to-halt.ts';
import { goOn } from './go-on.ts';
import { isHalting, isInFlight, isMoving } from './halt.ts';
import { lineOf } from './say.ts';
import { waitedFor } from './waited-for.ts';

/** A step that is in flight has said so by now: twice what it may take before it announces itself. */
const ANNOUNCED_AFTER_MS = 1000;

/**
 * A run that pauses or drains has no walk any more, but steps may still be in flight, and so may those of the runs they wait for. Whoever sees one of
 * them end, or the walk, calls this; the last one finds nothing in flight and ends the run, parks it, or lets it go on.
 */
export async function whenQuiet(engine: Engine, runId: string): Promise<void> {
  const asked = await engine.runs.get(runId);
  const since = asked?.stop?.at ?? asked?.pause?.at;
  if (!asked || since === undefined) return;
  if (isMoving(asked)) {
    await sleep(Math.max(0, Date.parse(since) + ANNOUNCED_AFTER_MS - engine.now().getTime()));
    if (!(await comesToHalt(engine, runId))) return;
  }
  if (asked.parent !== undefined && asked.parentStep !== undefined) await whenQuiet(engine, asked.parent);
}

/** Whether the run stands still: it has ended, or it is paused. */
async function comesToHalt(engine: Engine, runId: string): Promise<boolean> {
  const run = await engine.runs.get(runId);
  if (!run || !isMoving(run)) return true;
  if (!isHalting(run) && !run.stop) return false;
  if (!(await isQuiet(engine, run))) return false;
  if (run.stop) {
    await settleRun(engine, run, { kind: 'cancelled' });
    return true;
  }
  const now = await parkOrGoOn(engine, run);
  // Somebody asked for something else in this very moment.
  return now === undefined || (isHalting(now) && isMoving(now)) ? comesToHalt(engine, runId) : !isMoving(now);
}

async function parkOrGoOn(engine: Engine, run: Run): Promise<Run | undefined> {
  if (run.pause?.resume) return goOn(engine, run);
  const say = lineOf(engine, run, 'run_paused', 'Paused: nothing is in flight.');
  if (!(await engine.runs.markPaused(run))) return engine.runs.get(run.id);
  await say();
  return { ...run, status: 'paused' };
}

async function isQuiet(engine: Engine, run: Run): Promise<boolean> {
  const rows = await engine.runs.steps(run.id);
  if (rows.some((row) => isInFlight(row, engine.now()))) return false;
  if (run.pause?.resume && !run.stop) return true;
  if (run.stop) await haltChildren(engine, run, { stop: run.stop });
  else if (run.pause) await haltChildren(engine, run, { pause: run.pause });
  const children = await waitedFor(engine, run);
  return !children.some(isMoving);
}
