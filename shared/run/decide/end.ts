import type { Actor } from '../../kernel/actor.ts';
import { kindOf } from '../../step/registry.ts';
import { type Plan, type PlannedStep, plannedIn } from '../../workflow/plan.ts';
import type { Entry, EntryOf, Failure } from '../model/entry.ts';
import { itemScope } from '../model/scope.ts';
import type { RunState } from '../model/state.ts';
import { CANCELLED_BY } from './failures.ts';

/** How a run ends that does not succeed. */
export type Ending =
  | { kind: 'failed'; error: Failure }
  | { kind: 'timed_out'; deadline: Date }
  /** Stopped, at once or after what was in flight had completed. */
  | { kind: 'cancelled'; stop: { actor: Actor; reason?: string | undefined } }
  /** The time of a graceful stop was over while steps were in flight. */
  | { kind: 'drained'; stop: { actor: Actor; until: string; reason?: string | undefined } };

/**
 * The last entries of a run that does not succeed: what is in flight is cancelled, what could not begin is blocked, the run ends. `begun`: keys of steps
 * that are in flight and have not said so yet.
 */
export function ended(plan: Plan, state: RunState, ending: Ending, now: Date, begun: readonly string[] = []): Entry[] {
  const at = now.toISOString();
  const error = CANCELLED_BY[ending.kind];
  const inFlight = new Set([...state.active, ...begun]);
  return [
    ...[...inFlight].map((key): Entry => ({ type: 'step_cancelled', at, key, error })),
    ...blockedIn(plan, state)
      .filter((key) => !inFlight.has(key))
      .map((key): Entry => ({ type: 'step_skipped', at, key, reason: 'blocked' })),
    { type: 'run_ended', at, ...outcomeOf(ending) },
  ];
}

function outcomeOf(ending: Ending): Pick<EntryOf<'run_ended'>, 'status' | 'error' | 'actor' | 'reason'> {
  switch (ending.kind) {
    case 'failed':
      return { status: 'failed', error: ending.error };
    case 'timed_out':
      return {
        status: 'timed_out',
        error: { name: 'Timeout', message: `The run reached its deadline ${ending.deadline.toISOString()}.` },
      };
    case 'cancelled':
      return { status: 'cancelled', actor: ending.stop.actor, reason: ending.stop.reason };
    case 'drained':
      return {
        status: 'cancelled',
        actor: ending.stop.actor,
        reason: ending.stop.reason,
        error: { name: 'DRAIN_TIMEOUT', message: `Steps were still in flight at ${ending.stop.until}.` },
      };
  }
}

/** Keys of the steps that have not begun, in every list that has been entered and not left. */
function blockedIn(plan: Plan, state: RunState): string[] {
  const blocked: string[] = [];
  const list = (ids: string[], scope: string) => {
    for (const id of ids) {
      const planned = plannedIn(plan, id);
      const step = state.step(scope + id);
      if (!step) blocked.push(scope + id);
      else if (step.status === 'failed' && step.handler !== undefined) list(planned.handlers[step.handler] ?? [], scope);
      else if (step.status === 'running' && planned.branches.size > 0) group(planned, scope);
    }
  };
  const group = (planned: PlannedStep, scope: string) => {
    const inner = state.innerScope(planned, scope);
    const step = state.step(scope + planned.id);
    const kind = kindOf(planned.step.kind);
    if (kind.shape === 'group' && kind.loops) {
      const [ids = []] = planned.branches.values();
      for (const index of state.loopOf(planned, scope).open) list(ids, itemScope(inner, planned.id, index));
      return;
    }
    for (const [name, ids] of planned.branches) if (step?.case === undefined || step.case === name) list(ids, inner);
  };
  list(plan.top, '');
  return blocked;
}
