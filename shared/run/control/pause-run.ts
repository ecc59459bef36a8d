import { askedNow } from '../../kernel/acting.ts';
import type { Actor } from '../../kernel/actor.ts';
import type { Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import type { StartServices } from '../start/start-request.ts';
import { tell } from '../tell/tell.ts';
import { childrenOf } from './children-of.ts';
import { runEnded, stopping } from './refusals.ts';

/**
 * No new step starts; what is in flight completes; then the run is `paused`. The runs that its steps wait for pause with it. Pausing a run that pauses
 * or is paused changes nothing.
 */
export async function pauseRun(services: StartServices, run: Run, actor: Actor, reason?: string): Promise<Run> {
  const told = await tell(services, run.id, (state, now) => {
    if (state.ended || isTerminal(now.status)) throw runEnded(now, state);
    if (state.stop) throw stopping(now);
    if (state.pause) return [];
    return [{ type: 'run_pausing', at: services.now().toISOString(), actor, ...askedNow(reason) }];
  });
  if (!told) return run;
  for (const child of await childrenOf(services, told)) await pauseRun(services, child, actor, reason).catch(unlessRefused);
  return (await services.runs.get(run.id)) ?? told.run;
}

/** A child that has ended or is being stopped cannot pause. */
export function unlessRefused(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'Problem') throw error;
}
