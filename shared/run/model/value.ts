import { VALUE_LIMIT_BYTES } from '../../kernel/limits.ts';

/** Levels of lists and objects in a value. Whoever reads it recurses, and some thousand levels are more than a stack takes. */
const VALUE_LIMIT_DEPTH = 500;

/** Above this a value is put into the bucket: one PUT costs what eight write units cost. */
export const INLINE_LIMIT_BYTES = 8 * 1024;

export class ValueTooLarge extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ValueTooLarge';
  }
}

/** The value as JSON text. Throws `ValueTooLarge`. */
export function jsonTextOf(what: string, value: unknown): { json: string; bytes: number } {
  const json = written(what, value ?? null);
  const bytes = Buffer.byteLength(json);
  if (bytes > VALUE_LIMIT_BYTES)
    throw new ValueTooLarge(`${what} is ${bytes} bytes as JSON; the limit is ${VALUE_LIMIT_BYTES} (5 MiB).`);
  if (bytes > 2 * VALUE_LIMIT_DEPTH && depthOf(json) > VALUE_LIMIT_DEPTH) throw tooDeep(what);
  return { json, bytes };
}

const tooDeep = (what: string) =>
  new ValueTooLarge(`${what} nests lists and objects too deeply; the limit is ${VALUE_LIMIT_DEPTH} levels.`);

function written(what: string, value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw error instanceof RangeError ? tooDeep(what) : error;
  }
}

function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  // A text is passed over as a whole; what stands in it is not structure.
  for (const [sign] of json.matchAll(/[[\]{}]|"(?:[^"\\]|\\.)*"/g)) {
    if (sign === '[' || sign === '{') depth += 1;
    else if (sign === ']' || sign === '}') depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
