import { askedNow } from '../../kernel/acting.ts';
import type { Actor } from '../../kernel/actor.ts';
import type { Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import type { StartServices } from '../start/start-request.ts';
import { tell } from '../tell/tell.ts';
import { childrenOf } from './children-of.ts';
import { unlessRefused } from './pause-run.ts';
import { runEnded, stopping } from './refusals.ts';

/**
 * Lets a run go on that is paused, or is coming to it; one that is not is left as it is. The time that it was paused does not count against its
 * deadline. The runs that its steps wait for go on with it.
 */
export async function resumeRun(services: StartServices, run: Run, actor: Actor): Promise<Run> {
  const told = await tell(services, run.id, (state, now) => {
    if (state.ended || isTerminal(now.status)) throw runEnded(now, state);
    if (state.stop) throw stopping(now);
    return state.pause ? [{ type: 'run_resumed', at: services.now().toISOString(), actor, ...askedNow() }] : [];
  });
  if (!told) return run;
  for (const child of await childrenOf(services, told)) await resumeRun(services, child, actor).catch(unlessRefused);
  return (await services.runs.get(run.id)) ?? told.run;
}
