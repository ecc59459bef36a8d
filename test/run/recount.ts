import type { Entry } from '../../shared/run/model/entry.ts';
import type { StepCounts } from '../../shared/run/model/run.ts';
import { indexIn, itemScope, parseKey, scopeOf, tryScope } from '../../shared/run/model/scope.ts';
import { kindOf } from '../../shared/step/registry.ts';
import { type Plan, type PlannedStep, plannedIn } from '../../shared/workflow/plan.ts';

const NOTHING: StepCounts = { total: 0, pending: 0, running: 0, waiting: 0, succeeded: 0, failed: 0, cancelled: 0, skipped: 0 };

/** The counters of a run, counted from the whole of its journal: every list that was entered, and what became of each step in it. */
export function recount(plan: Plan, entries: Entry[]): StepCounts {
  const lists = new Map<string, string[]>([['', plan.top]]);
  const steps = new Map<string, keyof StepCounts>();
  const tries = new Map<string, number>();
  const reached = new Map<string, number>();
  for (const entry of entries) {
    if (!('key' in entry)) continue;
    const { id, scope } = parseKey(entry.key);
    const planned = plannedIn(plan, id);
    enterItems(lists, reached, planned, scope);
    const { parent, place } = planned;
    if (parent && place.kind === 'branch') lists.set(`${scope}${parent.id} ${place.name}`, parent.branches.get(place.name) ?? []);
    if (parent && place.kind === 'catch')
      lists.set(`${scope}${parent.id} catch ${place.index}`, parent.handlers[place.index] ?? []);
    steps.set(entry.key, stateAfter(entry, steps.get(entry.key) ?? 'pending'));
    if (entry.type === 'step_retrying') tries.set(entry.key, (tries.get(entry.key) ?? 1) + 1);
    if (entry.type === 'step_started' && !loops(planned)) {
      const inner = planned.step.retry ? tryScope(scope, id, tries.get(entry.key) ?? 1) : scope;
      for (const [name, ids] of planned.branches)
        if (entry.case === undefined || entry.case === name) lists.set(`${inner}${id} ${name}`, ids);
    }
    const handler = entry.type === 'step_failed' ? handlerOf(planned, entry.error.name) : -1;
    if (handler >= 0) lists.set(`${entry.key} catch ${handler}`, planned.handlers[handler] ?? []);
  }
  const counts = { ...NOTHING };
  for (const state of steps.values()) counts[state] += 1;
  counts.total = [...lists.values()].reduce((sum, ids) => sum + ids.length, 0);
  counts[entries.at(-1)?.type === 'run_ended' ? 'skipped' : 'pending'] += counts.total - steps.size;
  return counts;
}

function stateAfter(entry: Extract<Entry, { key: string }>, before: keyof StepCounts): keyof StepCounts {
  switch (entry.type) {
    case 'step_started':
      return entry.until === undefined && entry.child === undefined ? 'running' : 'waiting';
    case 'step_retrying':
    case 'step_queued':
      return 'pending';
    case 'step_completed':
      return 'succeeded';
    case 'step_failed':
      return 'failed';
    case 'step_cancelled':
      return 'cancelled';
    case 'step_skipped':
      return 'skipped';
    default:
      return before;
  }
}

/** Items are entered in their order: with one of them all before it. */
function enterItems(lists: Map<string, string[]>, reached: Map<string, number>, planned: PlannedStep, scope: string): void {
  for (let child = planned, group = planned.parent; group; child = group, group = group.parent) {
    const last = child.place.kind === 'branch' && loops(group) ? indexIn(scope, group.id) : undefined;
    if (last === undefined) continue;
    const around = scopeOf(group, scope);
    const retried = scope.slice(around.length).split('/')[0] ?? '';
    const inner = group.step.retry ? `${around}${retried}/` : around;
    const loop = inner + group.id;
    const from = (reached.get(loop) ?? -1) + 1;
    reached.set(loop, Math.max(from - 1, last));
    for (let index = from; index <= last; index += 1)
      for (const [name, ids] of group.branches) lists.set(`${itemScope(inner, group.id, index)}${group.id} ${name}`, ids);
  }
}

function loops({ step }: PlannedStep): boolean {
  const kind = kindOf(step.kind);
  return kind.shape === 'group' && kind.loops;
}

const handlerOf = ({ step }: PlannedStep, name: string) =>
  (step.catch ?? []).findIndex(({ on }) => on === undefined || on.includes(name));
