import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../ports.ts';
import { settleRun } from '../settle-run.ts';
import { isTerminal } from '../status.ts';
import { isInFlight } from './halt.ts';
import { goOn } from './resume-run.ts';
import { say } from './say.ts';

/** A step that is in flight has said so by now: twice what it may take before it announces itself. */
const ANNOUNCED_AFTER_MS = 1000;

/**
 * A run that pauses or drains has no walk any more, but steps may still be in flight. Whoever sees one of them end, or the walk, calls this; the last one
 * finds nothing in flight and ends the run, parks it, or lets it go on.
 */
export async function whenQuiet(engine: Engine, runId: string): Promise<void> {
  const asked = await engine.runs.get(runId);
  const since = asked?.stop?.at ?? asked?.pause?.at;
  if (!asked || since === undefined || isTerminal(asked.status) || asked.status === 'paused') return;
  await sleep(Math.max(0, Date.parse(since) + ANNOUNCED_AFTER_MS - engine.now().getTime()));

  const [run, rows] = await Promise.all([engine.runs.get(runId), engine.runs.steps(runId)]);
  if (!run || isTerminal(run.status)) return;
  if (rows.some((row) => isInFlight(row, engine.now()))) return;
  if (run.stop) return void (await settleRun(engine, run, { kind: 'cancelled' }));
  if (run.pause?.resume) return void (await goOn(engine, run));
  if (run.pause && (await engine.runs.markPaused(run))) await say(engine, run, 'run_paused', 'Paused: nothing is in flight.');
}
