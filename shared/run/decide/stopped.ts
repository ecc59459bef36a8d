import { type Plan, plannedIn } from '../../workflow/plan.ts';
import type { Entry } from '../model/entry.ts';
import { parseKey } from '../model/scope.ts';
import type { RunState } from '../model/state.ts';
import { isPure, startable } from './decide.ts';
import { type Ending, ended } from './end.ts';

/**
 * The last entries of a run that is stopped by somebody who does not drive it. Its driver tells of a step when that takes longer than half a second:
 * until then, what may be in flight counts as in flight, since nobody can say that its call was not made. Whoever finds only a part of these entries goes
 * on with them.
 */
export function stopped(plan: Plan, state: RunState, ending: Extract<Ending, { stop: unknown }>, now: Date): Entry[] {
  const { actor, reason } = ending.stop;
  const begun = mayBegin(state, now) ? untold(plan, state, now) : [];
  return [{ type: 'run_stopping', at: now.toISOString(), actor, reason }, ...ended(plan, state, ending, now, begun)];
}

/** A driver sees within a second what is asked of it, and a moment later all that it had begun before has ended or is told of. */
const HALTED_AFTER_MS = 2_000;
const FOR_EVER = new Date(8.64e15);

function mayBegin({ left, pause, stop }: RunState, now: Date): boolean {
  const halted = stop ?? pause;
  return !left && (!halted || now.getTime() < Date.parse(halted.at) + HALTED_AFTER_MS);
}

/** Keys of the steps that a driver may be at without having said so. */
function untold(plan: Plan, state: RunState, now: Date): string[] {
  const held = new Set([...state.active].filter((key) => plannedIn(plan, parseKey(key).id).branches.size === 0));
  const room = Number.POSITIVE_INFINITY;
  const begin = startable(plan, state, { now, random: () => 0, deadline: FOR_EVER, held, room, until: FOR_EVER });
  return begin.filter((one) => !isPure(one)).map(({ planned, scope }) => scope + planned.id);
}
