import { isExactNumber } from '../kernel/json.ts';

/** What JSONata answers as plain JSON: its arrays carry extra properties, its objects have no prototype. Throws for a function. */
export function plainJson(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'function') throw new Error('the result is a function, not a value');
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('the result is not a number that JSON can hold');
  if (typeof value !== 'object' || isExactNumber(value)) return value;
  if (Array.isArray(value)) return Array.from(value, plainJson);
  if ('_jsonata_lambda' in value || '_jsonata_function' in value) throw new Error('the result is a function, not a value');
  // fromEntries defines own properties, so a key such as __proto__ stays data.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainJson(item)]));
}
