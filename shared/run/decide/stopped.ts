import { type Plan, plannedIn } from '../../workflow/plan.ts';
import type { Entry } from '../model/entry.ts';
import { parseKey } from '../model/scope.ts';
import type { RunState } from '../model/state.ts';
import { decide, isPure } from './decide.ts';
import { type Ending, ended } from './end.ts';

/**
 * The last entries of a run that is stopped by somebody who does not drive it. Its driver tells of a step when that takes longer than half a second:
 * until then, what may be in flight counts as in flight, since nobody can say that its call was not made. Whoever finds only a part of these entries goes
 * on with them.
 */
export function stopped(plan: Plan, state: RunState, stop: Extract<Ending, { kind: 'cancelled' }>['stop'], now: Date): Entry[] {
  const begun = state.left ? [] : mayHaveBegun(plan, state, now);
  return [
    { type: 'run_stopping', at: now.toISOString(), ...stop },
    ...ended(plan, state, { kind: 'cancelled', stop }, now, begun),
  ];
}

const FOR_EVER = new Date(8.64e15);

/** Keys of the steps that a driver would begin. */
function mayHaveBegun(plan: Plan, state: RunState, now: Date): string[] {
  const held = new Set([...state.active].filter((key) => plannedIn(plan, parseKey(key).id).branches.size === 0));
  const room = Number.POSITIVE_INFINITY;
  const { begin } = decide(plan, state, { now, random: () => 0, deadline: FOR_EVER, held, room, until: FOR_EVER });
  return begin.filter((one) => !isPure(one)).map(({ planned, scope }) => scope + planned.id);
}
