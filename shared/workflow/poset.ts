import type { Bits } from './bits.ts';
import * as bits from './bits.ts';

/** Who comes before whom, by place in the list. */
export interface Poset {
  ids: readonly string[];
  before: Bits[];
  after: Bits[];
}

export function posetOf(ids: readonly string[], needs: ReadonlyMap<string, readonly string[]>): Poset {
  const size = ids.length;
  const place = new Map(ids.map((id, index) => [id, index]));
  const direct = ids.map((id) => (needs.get(id) ?? []).flatMap((need) => place.get(need) ?? []));
  const before = ids.map(() => bits.none(size));
  const after = ids.map(() => bits.none(size));
  for (const item of sorted(direct)) {
    const own = before[item] ?? bits.none(size);
    for (const need of direct[item] ?? []) {
      bits.add(own, need);
      bits.addAll(own, before[need] ?? own);
    }
    for (const earlier of bits.items(own)) bits.add(after[earlier] ?? own, item);
  }
  return { ids, before, after };
}

/** Places with what they need first. */
function sorted(direct: number[][]): number[] {
  const missing = direct.map((needs) => new Set(needs).size);
  const needers: number[][] = direct.map(() => []);
  for (const [item, needs] of direct.entries()) for (const need of new Set(needs)) needers[need]?.push(item);
  const order = missing.flatMap((left, item) => (left === 0 ? [item] : []));
  for (const item of order) {
    for (const needer of needers[item] ?? []) {
      missing[needer] = (missing[needer] ?? 0) - 1;
      if (missing[needer] === 0) order.push(needer);
    }
  }
  return order;
}

/** Those of a set that a step must wait for or that must wait for it. */
export function comparable(item: number, set: Bits, { before, after }: Poset): Bits {
  const earlier = before[item] ?? set;
  const later = after[item] ?? set;
  return set.map((word, index) => word & ((earlier[index] ?? 0) | (later[index] ?? 0)));
}
