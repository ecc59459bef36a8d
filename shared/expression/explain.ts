import { isExactNumber } from '../kernel/json.ts';

export interface Explained {
  message: string;
  /** Counts from the start of the expression, from 0. */
  position?: number;
}

const HINTS: Record<string, string> = {
  D1011: 'the expression recurses too deeply',
  U1001: 'the expression recurses too deeply or takes too long',
};

/** JSONata's error in words for the author. */
export function explain(error: unknown): Explained {
  if (error instanceof RangeError) return { message: 'the expression recurses too deeply or makes a value that is too large' };
  if (typeof error !== 'object' || error === null) return { message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const said = 'message' in error && typeof error.message === 'string' ? error.message : 'the expression fails';
  const message = HINTS[code] ?? said + hintFor(code, 'value' in error ? error.value : undefined);
  if (!('position' in error) || typeof error.position !== 'number') return { message };
  return { message, position: Math.max(0, error.position - 1) };
}

/** Where a number is asked for. */
const ON_NUMBERS = new Set(['T2001', 'T2002', 'T2009', 'T2010', 'D1002']);
/** Where null is no such value. */
const ON_VALUES = new Set([...ON_NUMBERS, 'T0410']);

/** `value` is what JSONata complains of. */
function hintFor(code: string, value: unknown): string {
  const exact = [value].flat().find(isExactNumber);
  if (exact) return `; ${exact} has more digits than can be calculated with: pass it on as it is, or as text with $string()`;
  if (value === null && ON_VALUES.has(code)) return '; ask first whether it is there, as in $present(x) ? x : 0';
  return ON_NUMBERS.has(code) && (typeof value === 'string' || code === 'T2009')
    ? '; turn text into a number with $number()'
    : '';
}
