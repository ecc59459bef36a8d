import { type ExactNumber, isExactNumber } from '../kernel/json.ts';

/**
 * A copy of a value for a checker that knows doubles only, and the way back. Each exact number is the nearest double that no other of them has:
 * numbers that differ must not look the same.
 */
export function standIns(value: unknown): { copy: unknown; back: (checked: unknown) => unknown } {
  const doubles = new Map<string, number>();
  const copy = copied(value, ({ digits }) => doubles.set(digits, Number(digits)));
  if (doubles.size === 0) return { copy, back: (checked) => checked };
  let last = Number.NEGATIVE_INFINITY;
  for (const [digits, nearest] of [...doubles].sort(([, a], [, b]) => a - b)) {
    last = nearest > last ? nearest : after(last);
    doubles.set(digits, last);
  }
  return { copy: copied(value, ({ digits }) => doubles.get(digits)), back: (checked) => restored(checked, value) };
}

function copied(value: unknown, exact: (number: ExactNumber) => unknown): unknown {
  if (isExactNumber(value)) return exact(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => copied(item, exact));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copied(item, exact)]));
}

function restored(checked: unknown, from: unknown): unknown {
  if (isExactNumber(from)) return from;
  if (typeof checked !== 'object' || checked === null) return checked;
  const source = new Map(typeof from === 'object' && from !== null ? Object.entries(from) : []);
  if (Array.isArray(checked)) return checked.map((item, index) => restored(item, source.get(String(index))));
  return Object.fromEntries(Object.entries(checked).map(([key, item]) => [key, restored(item, source.get(key))]));
}

/** The next double of that size. */
const after = (double: number) => double + Math.max(Math.abs(double) * Number.EPSILON, Number.MIN_VALUE);
