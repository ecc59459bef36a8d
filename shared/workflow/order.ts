import type { Bits } from './bits.ts';
import * as bits from './bits.ts';
import { cheapestCut } from './cut.ts';
import { comparable, type Poset, posetOf } from './poset.ts';

/** Steps after one another and beside one another: all that a state machine can say of an order. */
export type Order = { kind: 'step'; id: string } | { kind: 'series'; parts: Order[] } | { kind: 'parallel'; parts: Order[] };

/** A step that waits for another although nothing in the document says so. */
export interface AddedWait {
  step: string;
  alsoWaitsFor: string;
}

/**
 * The order of a list as series and parallel parts: what is not connected by the comparability graph of `needs` runs in parallel, what
 * is not connected by its complement runs in series. Exact for every series-parallel order. What is neither (the shape of an N) is cut
 * where it adds the fewest waits, and those are named. `needs` must not have cycles.
 */
export function orderOf(
  ids: readonly string[],
  needs: ReadonlyMap<string, readonly string[]>,
): { tree: Order; warnings: AddedWait[] } {
  const poset = posetOf(ids, needs);
  const waits: Bits[] = ids.map(() => bits.none(ids.length));
  const tree = decompose(bits.of(ids.length, ids.keys()), poset, waits);
  return { tree, warnings: addedWaits(ids, poset, waits) };
}

/** Notes in `waits` who comes before whom in the tree. */
function decompose(set: Bits, poset: Poset, waits: Bits[]): Order {
  const members = bits.items(set);
  const [first = 0] = members;
  if (members.length === 1) return { kind: 'step', id: poset.ids[first] ?? '' };
  const beside = components(set, (item, left) => comparable(item, left, poset));
  if (beside.length > 1) return { kind: 'parallel', parts: beside.map((part) => decompose(part, poset, waits)) };
  const apart = components(set, (item, left) => bits.without(left, comparable(item, left, poset)));
  const parts = apart.length > 1 ? inOrder(apart, poset) : cheapestCut(set, poset);
  noteWaits(parts, waits);
  return { kind: 'series', parts: parts.flatMap((part) => flat(decompose(part, poset, waits))) };
}

function flat(order: Order): Order[] {
  return order.kind === 'series' ? order.parts : [order];
}

/** The connected parts of a graph, in the order of their first members. */
function components(set: Bits, neighboursIn: (item: number, left: Bits) => Bits): Bits[] {
  const parts: Bits[] = [];
  let left = set;
  while (!bits.isEmpty(left)) {
    const [first = 0] = bits.items(left);
    const part = bits.of(set.length * 32, [first]);
    left = bits.without(left, part);
    const pending = [first];
    for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
      const reached = neighboursIn(item, left);
      bits.addAll(part, reached);
      left = bits.without(left, reached);
      pending.push(...bits.items(reached));
    }
    parts.push(part);
  }
  return parts;
}

/** Parts of a series are comparable as wholes: any member tells. */
function inOrder(parts: Bits[], { before }: Poset): Bits[] {
  const first = new Map(parts.map((part) => [part, bits.items(part)[0] ?? 0]));
  const earlier = (part: Bits) => before[first.get(part) ?? 0];
  return parts.toSorted((a, b) => (bits.has(earlier(b) ?? a, first.get(a) ?? 0) ? -1 : 1));
}

function noteWaits(parts: Bits[], waits: Bits[]): void {
  for (const [index, part] of parts.entries()) {
    for (const item of bits.items(part))
      for (const earlier of parts.slice(0, index)) bits.addAll(waits[item] ?? earlier, earlier);
  }
}

/** The waits that nobody asked for, without those that follow from others. */
function addedWaits(ids: readonly string[], { before }: Poset, waits: Bits[]): AddedWait[] {
  return ids.flatMap((step, item) => {
    const all = waits[item] ?? bits.none(ids.length);
    const direct = bits.items(all).reduce((left, earlier) => bits.without(left, waits[earlier] ?? left), all);
    const added = bits.without(direct, before[item] ?? direct);
    return bits.items(added).map((earlier) => ({ step, alsoWaitsFor: ids[earlier] ?? '' }));
  });
}
