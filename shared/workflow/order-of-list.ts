import { type Order, orderOf } from './order.ts';
import type { Plan } from './plan.ts';

/** The order of one list of a plan. */
export function orderOfList(plan: Plan, ids: string[]): Order {
  return orderOf(ids, needsOf(plan, ids)).tree;
}

/** For each step, the steps it will wait for although nothing in the document says so. */
export function addedWaits(plan: Plan): Map<string, string[]> {
  const lists = [plan.top, ...[...plan.steps.values()].flatMap(({ lists: inner }) => [...inner.values()])];
  const waits = new Map<string, string[]>();
  for (const ids of lists) {
    for (const { step, alsoWaitsFor } of orderOf(ids, needsOf(plan, ids)).warnings) {
      waits.set(step, [...(waits.get(step) ?? []), alsoWaitsFor]);
    }
  }
  return waits;
}

function needsOf({ steps }: Plan, ids: string[]): Map<string, string[]> {
  return new Map(ids.map((id) => [id, steps.get(id)?.needs ?? []]));
}
