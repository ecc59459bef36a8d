import { Problem } from '../problem.ts';
import type { Engine } from './ports.ts';
import { type Run, walkName } from './run.ts';
import { settleRun } from './settle-run.ts';
import { isTerminal, RUN_STATUS } from './status.ts';

/**
 * Stops a live run at once: writes down that it shall stop, ends its walk, cancels what is in flight. Whatever crashes in between, the status rule
 * or the sweeper carry it on.
 */
export async function stopRun(engine: Engine, run: Run, by: string, reason?: string): Promise<Run> {
  const stop = { by, at: engine.now().toISOString(), ...(reason !== undefined && { reason }) };
  if (isTerminal(run.status) || !(await engine.runs.requestStop(run, stop))) throw await ended(engine, run);

  await engine.walks.stop(run.machine, walkName(run), 'RUN_STOPPED');
  const settled = await settleRun(engine, { ...run, stop: run.stop ?? stop }, { kind: 'cancelled', reason });
  if (settled.status !== 'cancelled') throw await ended(engine, settled);
  return settled;
}

async function ended(engine: Engine, run: Run): Promise<Problem> {
  const status = RUN_STATUS[((await engine.runs.get(run.id)) ?? run).status].v1;
  return new Problem('conflict', `Run ${run.id} has ended: it is ${status}.`, [{ name: 'status', value: status }]);
}
