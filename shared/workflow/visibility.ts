import type { Plan, PlannedStep } from './plan.ts';
import { groupOf } from './plan-of.ts';

/** Knows which outputs a step may read: those of steps that have surely ended before it, and in a handler those of the group that failed. */
export class Visibility {
  readonly #plan: Plan;
  readonly #before = new Map<string, Set<string>>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Why `reader` may not read step `id`; undefined if it may. A null reader stands at the end of the run. */
  obstacle(id: string, reader: PlannedStep | null): string | undefined {
    const read = this.#plan.steps.get(id);
    if (!read) return `step "${id}" does not exist`;
    const holders = [read, ...holdersOf(read)];
    for (let at = reader; at; at = at.parent) {
      const ended = this.#beforeOf(at);
      const place = holders.findIndex((holder) => ended.has(holder.id));
      if (place >= 0) return hidden(holders.slice(0, place + 1));
      const failed = at.parent && at.place.kind === 'catch' ? holders.indexOf(at.parent) : -1;
      if (holders[failed - 1]?.place.kind === 'branch') return hidden(holders.slice(0, failed + 1), at.parent);
    }
    if (reader === null) return hidden(holders);
    if (reader.id === id) return `a step cannot read its own output`;
    const around = [reader, ...holdersOf(reader)];
    if (around.includes(read)) return `step "${id}" has not ended here, inside it`;
    return hidden(sharedFree(holders, around)) ?? `step "${id}" has not surely ended before "${reader.id}"; name it in needs`;
  }

  /** Ids of the same list that have ended when a step starts. */
  #beforeOf(step: PlannedStep): Set<string> {
    const known = this.#before.get(step.id);
    if (known) return known;
    const before = new Set<string>();
    this.#before.set(step.id, before);
    const pending = [...step.needs];
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      if (before.has(id)) continue;
      before.add(id);
      pending.push(...(this.#plan.steps.get(id)?.needs ?? []));
    }
    return before;
  }
}

/** What holds a step, inner before outer. */
function holdersOf(step: PlannedStep): PlannedStep[] {
  const holders: PlannedStep[] = [];
  for (let at = step.parent; at; at = at.parent) holders.push(at);
  return holders;
}

/** The innermost holders of a step, up to the first that also holds the reader. */
function sharedFree(holders: PlannedStep[], around: PlannedStep[]): PlannedStep[] {
  const shared = holders.findIndex((holder) => around.includes(holder));
  return shared < 0 ? holders : holders.slice(0, shared);
}

/**
 * Why the first of these, each held by the next, cannot be seen from outside the last. Of a group that has `failed` a handler sees what has ended: there
 * is no other try to come.
 */
function hidden(chain: PlannedStep[], failed?: PlannedStep | null): string | undefined {
  const reasons = chain.slice(0, -1).flatMap((step, index) => {
    const holder = chain[index + 1];
    if (!holder) return [];
    if (step.place.kind === 'catch') return [`runs only when "${holder.id}" fails; use the output of "${holder.id}" instead`];
    const group = groupOf(holder.step);
    if (group?.loops) {
      const instead = holder === failed ? `put the catch on a step inside "${holder.id}"` : `use the output of "${holder.id}"`;
      return [`runs once ${group.rounds ? 'in each round' : 'for each item'} of "${holder.id}"; ${instead} instead`];
    }
    return holder.step.retry && !failed ? [`may run again with "${holder.id}"; use the output of "${holder.id}" instead`] : [];
  });
  const outermost = reasons.at(-1);
  return outermost === undefined ? undefined : `step "${chain[0]?.id}" ${outermost}`;
}
