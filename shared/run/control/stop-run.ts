import type { Engine } from '../ports.ts';
import { type Run, walkName } from '../run.ts';
import { settleRun } from '../settle-run.ts';
import { isTerminal } from '../status.ts';
import { askToHalt } from './ask-to-halt.ts';
import { hasEnded } from './refusals.ts';

const DRAIN_TIMEOUT_SECONDS = 600;

export interface StopRequest {
  mode: 'immediate' | 'graceful';
  by: string;
  reason?: string | undefined;
  /** How long steps in flight may take to complete, when graceful. */
  drainSeconds?: number | undefined;
}

/**
 * Stops a live run: writes down that it shall stop, ends its walk, cancels what is in flight, or lets it complete first when graceful. Whatever
 * crashes in between, the status rule or the sweeper carry it on.
 */
export async function stopRun(engine: Engine, run: Run, request: StopRequest): Promise<Run> {
  if (isTerminal(run.status)) throw hasEnded(run);
  if (run.stop && (request.mode === 'graceful' || run.stop.mode === 'immediate')) return run;

  const stop = stopOf(request, engine.now());
  if (stop.mode === 'graceful') {
    if (!(await askToHalt(engine, run, { stop }))) return afterAll(engine, run, request);
    return (await engine.runs.get(run.id)) ?? { ...run, stop, status: 'draining' };
  }
  if (!(await engine.runs.requestStop(run, stop))) return afterAll(engine, run, request);
  await engine.walks.stop(run.machine, walkName(run), 'RUN_STOPPED');
  return cancelled(await settleRun(engine, { ...run, stop }, { kind: 'cancelled' }));
}

function stopOf({ mode, by, reason, drainSeconds = DRAIN_TIMEOUT_SECONDS }: StopRequest, now: Date): NonNullable<Run['stop']> {
  const until = new Date(now.getTime() + drainSeconds * 1000).toISOString();
  return { mode, by, at: now.toISOString(), ...(mode === 'graceful' && { until }), ...(reason !== undefined && { reason }) };
}

/** Somebody else was faster: the same stop again gives its answer, an end is a conflict. */
async function afterAll(engine: Engine, run: Run, request: StopRequest): Promise<Run> {
  const now = await engine.runs.get(run.id);
  if (!now || isTerminal(now.status)) throw hasEnded(now ?? run);
  return stopRun(engine, now, request);
}

/** A run that ended otherwise in that moment was not stopped. */
function cancelled(settled: Run): Run {
  if (settled.status !== 'cancelled') throw hasEnded(settled);
  return settled;
}
