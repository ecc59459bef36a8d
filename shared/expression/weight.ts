/** What a value of the largest size weighs, and what JSON text of it can be held in memory. */
export const MAX_WEIGHT = 3_000_000;
const CHARACTERS_A_UNIT = 10;
/** Some 200 KB of text, or as many numbers. */
const LIGHT = 20_000;

const known = new WeakMap<object, number>();

/** Whether it is small enough to be copied and gone through without anybody noticing. */
export function isLight(value: unknown): boolean {
  return roomAfter(value, LIGHT) >= 0;
}

/** What is left of some room once a value is in it; stops looking when nothing is. */
function roomAfter(value: unknown, room: number): number {
  if (typeof value === 'string') return room - 1 - value.length / CHARACTERS_A_UNIT;
  if (typeof value !== 'object' || value === null) return room - 1;
  let left = room - 1;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    left = roomAfter(inner, left);
    if (left < 0) break;
  }
  return left;
}

/**
 * What a value weighs written out, which can be more than in memory: a list of a list twice, thirty times over, is small until somebody
 * looks at all of it. Stops looking above the largest. What has been weighed is remembered, so each result costs only what is new in it.
 */
export function weightOf(value: unknown): number {
  if (typeof value === 'string') return 1 + value.length / CHARACTERS_A_UNIT;
  if (typeof value !== 'object' || value === null || '_jsonata_lambda' in value || '_jsonata_function' in value) return 1;
  const before = known.get(value);
  if (before !== undefined) return before;
  let weight = 1;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    weight += weightOf(inner);
    if (weight > MAX_WEIGHT) break;
  }
  known.set(value, weight);
  return weight;
}
