import { askedNow } from '../../kernel/acting.ts';
import type { Actor } from '../../kernel/actor.ts';
import { stopped } from '../decide/stopped.ts';
import type { Entry } from '../model/entry.ts';
import type { Run } from '../model/run.ts';
import type { RunState } from '../model/state.ts';
import { isTerminal } from '../model/status.ts';
import type { StartServices } from '../start/start-request.ts';
import { tell } from '../tell/tell.ts';
import { childrenOf } from './children-of.ts';
import { unlessRefused } from './pause-run.ts';
import { runEnded } from './refusals.ts';

const DRAIN_TIMEOUT_SECONDS = 600;

export interface StopRequest {
  mode: 'immediate' | 'graceful';
  actor: Actor;
  reason?: string | undefined;
  /** How long steps in flight may take to complete, when graceful. */
  drainSeconds?: number | undefined;
}

/**
 * Stops a live run. At once: the run ends there and then, and its driver gives up what is in flight within a second. Gracefully: what is in flight may
 * complete, until its time is over. A stop that was asked for before stands; the stronger takes the place of the weaker.
 */
export async function stopRun(services: StartServices, run: Run, request: StopRequest): Promise<Run> {
  const told = await tell(services, run.id, (state, now) => {
    if (state.ended || isTerminal(now.status)) throw runEnded(now, state);
    return request.mode === 'immediate' ? stopNow(services, state, request) : drain(services, state, request);
  });
  if (!told) return run;
  if (request.mode === 'graceful' && !told.state.ended) {
    for (const child of await childrenOf(services, told)) await stopRun(services, child, request).catch(unlessRefused);
  }
  return (await services.runs.get(run.id)) ?? told.run;
}

function stopNow({ now }: StartServices, state: RunState, { actor, reason: said }: StopRequest): Entry[] {
  const { reason, from } = askedNow(said);
  const [stopping, ...rest] = stopped(state.plan, state, { kind: 'cancelled', stop: { actor, reason } }, now());
  return stopping ? [{ ...stopping, ...(from && { from }) } as Entry, ...rest] : rest;
}

function drain(
  { now }: StartServices,
  state: RunState,
  { actor, reason, drainSeconds = DRAIN_TIMEOUT_SECONDS }: StopRequest,
): Entry[] {
  if (state.stop) return [];
  const at = now();
  const until = new Date(at.getTime() + drainSeconds * 1000).toISOString();
  return [{ type: 'run_draining', at: at.toISOString(), actor, until, ...askedNow(reason) }];
}
