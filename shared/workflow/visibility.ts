import { type Plan, type PlannedStep, placeName } from './plan.ts';
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
    if (holders.includes(reader)) return `step "${id}" stands inside "${reader.id}"; only steps in there or behind can read it`;
    if (around.includes(read)) return `step "${id}" has not ended here, inside it`;
    return (
      hidden(sharedFree(holders, around)) ??
      this.#advice(sharedFree(holders, around).at(-1), sharedFree(around, holders).at(-1), read)
    );
  }

  /** What would let one step be read from another; `first` and `then` are those two, or what holds them, where their ways part. */
  #advice(first: PlannedStep | undefined, then: PlannedStep | undefined, read: PlannedStep): string {
    const what = `step "${read.id}" has not surely ended here`;
    if (!first || !then) return what;
    if (placeName(first) !== placeName(then)) return `${what}: ${apart(first, then)}`;
    const named = first === read ? `"${first.id}"` : `"${first.id}", which holds it,`;
    const write = `write needs: [${[...new Set([...then.needs, first.id])].join(', ')}] on "${then.id}"`;
    if (!this.#beforeOf(first).has(then.id)) return `${what}: ${write}`;
    if (first.step.needs !== undefined) return `${what}: ${named} needs "${then.id}" and so comes after it`;
    const move = `${named} comes after "${then.id}"; put it right above`;
    return `${what}: ${move}${then.step.needs === undefined ? '' : `, and ${write}`}`;
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

/** Why two steps of one holder cannot wait for each other. */
function apart(first: PlannedStep, then: PlannedStep): string {
  const holder = `"${first.parent?.id}"`;
  if (first.place.kind === 'catch' && then.place.kind === 'catch') return `only one handler of ${holder} runs`;
  if (first.place.kind === 'catch') return `the handlers of ${holder} run after what is in it`;
  const group = first.parent && groupOf(first.parent.step);
  if (group?.asks) return `only one case of ${holder} runs`;
  return `the branches of ${holder} run side by side; put both steps in one branch, or what reads below ${holder}`;
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
