import { infiniteIn } from './infinite-in.ts';
import { Problem } from './problem.ts';

const DEPTH_LIMIT = 100;
/** What has no form in UTF-8 can be neither stored nor answered. */
const HALF_CHARACTER = 'The body has a text with half a character (a lone surrogate such as \\ud800).';

/** Refuses what JSON allows and code that merges objects does not survive, and numbers that would be stored as null. */
export function inspectJson(value: unknown): void {
  inspect(value, 0);
  const name = infiniteIn(value);
  if (name === undefined) return;
  throw new Problem('invalid', `The body has a number that is too large for JSON at "${name}". Send it as text.`, [
    { name, value: 'a number that is too large for JSON' },
  ]);
}

function inspect(value: unknown, depth: number): void {
  if (typeof value === 'string' && !value.isWellFormed()) throw new Problem('invalid', HALF_CHARACTER);
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEPTH_LIMIT) throw new Problem('invalid', `The body is nested deeper than ${DEPTH_LIMIT} levels.`);
  if (Object.hasOwn(value, '__proto__'))
    throw new Problem('invalid', 'The body has a field named __proto__.', [{ name: '__proto__', value: 'unknown field' }]);
  if (!Array.isArray(value) && !Object.keys(value).every((key) => key.isWellFormed()))
    throw new Problem('invalid', HALF_CHARACTER);
  for (const inner of Object.values(value)) inspect(inner, depth + 1);
}
