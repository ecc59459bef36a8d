/** What a value of the largest size weighs, and what JSON text of it can be held in memory. */
const MAX_WEIGHT = 3_000_000;
const CHARACTERS_A_UNIT = 10;

const known = new WeakMap<object, number>();

/**
 * Throws for a value that is larger written out than it is in memory: a list of a list twice, thirty times over, is small until
 * somebody looks at all of it. What has been weighed is remembered, so each result costs only what is new in it.
 */
export function limitWeight(value: unknown): void {
  if (weightOf(value) > MAX_WEIGHT) throw new Error('the value is too large');
}

function weightOf(value: unknown): number {
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
