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

/** `value` is what JSONata complains of. */
function hintFor(code: string, value: unknown): string {
  const exact = [value].flat().find(isExactNumber);
  if (exact) return `; ${exact} has more digits than can be calculated with: pass it on as it is, or as text with $string()`;
  return code === 'T2009' || code === 'T2010' ? '; turn text into a number with $number() before comparing' : '';
}
