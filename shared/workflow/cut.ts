import type { Bits } from './bits.ts';
import * as bits from './bits.ts';
import type { Poset } from './poset.ts';

// Beyond this many steps in one part not every way to cut is tried.
const SMALL = 14;
// What comparing the cuts of one part may cost, in pairs of steps: keeps a list of 500 below a second.
const MAX_PAIRS = 1_000_000;

/**
 * Cuts a part that is neither series nor parallel in two, the first before the second, where the fewest pairs come to wait that did not.
 * Of equal cuts the most even one. All cuts are tried for small parts; for large ones a fair choice of those at each depth and around each step.
 */
export function cheapestCut(set: Bits, poset: Poset): [Bits, Bits] {
  let best: [Bits, Bits] | undefined;
  let least = Infinity;
  let evenness = 0;
  const size = bits.count(set);
  for (const first of size <= SMALL ? allCuts(set, poset) : someOf(likelyCuts(set, poset), MAX_PAIRS / size ** 2)) {
    const second = bits.without(set, first);
    const even = Math.min(bits.count(first), bits.count(second));
    if (even === 0) continue;
    const cost = costOf(first, second, poset);
    if (cost > least || (cost === least && even <= evenness)) continue;
    [best, least, evenness] = [[first, second], cost, even];
  }
  if (!best) throw new Error('a part of several steps can always be cut');
  return best;
}

function costOf(first: Bits, second: Bits, { after }: Poset): number {
  return bits.items(first).reduce((sum, item) => sum + bits.countWithout(second, after[item] ?? second), 0);
}

/** Every set that holds all that its members need. */
function allCuts(set: Bits, { before }: Poset): Bits[] {
  const members = bits.items(set);
  const seen = new Map<string, Bits>();
  const pending = [bits.none(set.length * 32)];
  for (let cut = pending.pop(); cut; cut = pending.pop()) {
    for (const item of members) {
      if (bits.has(cut, item) || !bits.isEmpty(bits.without(bits.both(before[item] ?? cut, set), cut))) continue;
      const larger = cut.slice();
      bits.add(larger, item);
      const key = larger.join();
      if (seen.has(key)) continue;
      seen.set(key, larger);
      pending.push(larger);
    }
  }
  return [...seen.values()];
}

function someOf<T>(all: T[], most: number): T[] {
  const stride = Math.max(1, all.length / Math.max(20, most));
  return all.filter((_, index) => Math.floor(index / stride) !== Math.floor((index - 1) / stride));
}

/** For each step: what it needs, with and without it; all but what needs it, with and without it; all as deep as it. */
function likelyCuts(set: Bits, { before, after }: Poset): Bits[] {
  const members = bits.items(set);
  const depth = new Map<number, number>();
  const needed = (item: number) => bits.both(before[item] ?? set, set);
  for (const item of members.toSorted((a, b) => bits.count(needed(a)) - bits.count(needed(b)))) {
    depth.set(item, 1 + bits.items(needed(item)).reduce((most, earlier) => Math.max(most, depth.get(earlier) ?? 0), 0));
  }
  const levels = new Set(depth.values());
  const byLevel = [...levels].map((level) =>
    bits.of(
      set.length * 32,
      members.filter((item) => (depth.get(item) ?? 0) <= level),
    ),
  );
  const byStep = members.flatMap((item) => {
    const self = bits.of(set.length * 32, [item]);
    const down = needed(item);
    const up = bits.without(set, bits.both(after[item] ?? set, set));
    const downWithSelf = down.slice();
    bits.add(downWithSelf, item);
    return [down, downWithSelf, up, bits.without(up, self)];
  });
  return [...byLevel, ...byStep];
}
