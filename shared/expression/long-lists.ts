import jsonata from 'jsonata';

/** `$distinct` that looks at every item once; JSONata's own compares each with every other. */
export function distinct(this: unknown, list: unknown): unknown {
  if (!Array.isArray(list) || list.length <= 1) return list;
  const results: unknown[] = 'sequence' in list && makesSequences(this) ? this.createSequence() : [];
  const seen = new Set<unknown>();
  for (const item of list) {
    const identity = typeof item === 'object' && item !== null ? `json ${JSON.stringify(ordered(item))}` : item;
    if (seen.has(identity)) continue;
    seen.add(identity);
    results.push(item);
  }
  return results;
}

/** What JSONata calls its functions on. Its sequences are arrays that it may unwrap. */
const makesSequences = (focus: unknown): focus is { createSequence(): unknown[] } =>
  typeof focus === 'object' && focus !== null && 'createSequence' in focus && typeof focus.createSequence === 'function';

/** Equal values have equal texts: the keys of an object count in no order. */
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Array.from(value, ordered);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [`.${key}`, ordered(item)]));
}

const plainSort = jsonata('$sort');

/** `$sort` of plain numbers or texts by the language itself; JSONata's own copies the rest of the list for every item. */
export async function sort(this: unknown, list: unknown[] | undefined, comparator?: unknown): Promise<unknown> {
  if (list === undefined || list.length <= 1) return list;
  if (comparator === undefined) {
    const numbers = list.filter((item) => typeof item === 'number');
    if (numbers.length === list.length) return numbers.toSorted((a, b) => a - b);
    const texts = list.filter((item) => typeof item === 'string');
    if (texts.length === list.length) return texts.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
  }
  const { implementation } = await plainSort.evaluate(null);
  return Reflect.apply(implementation, this, [list, comparator]);
}
