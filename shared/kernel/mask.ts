import { isExactNumber } from './json.ts';

/** What stands in the place of a secret. */
export const MASK = '***';

/** Shorter texts are masked in their own place only: found anywhere, they would mask what has nothing to do with them. */
const LEAST_CHARS = 4;
/** Inside of longer texts so many secrets are looked for; as whole values, all of them. */
const MOST_SOUGHT = 100;

/** Hides secrets wherever they show up. What it gives is never longer than what it was given. */
export interface Mask {
  text(text: string): string;
  /** Every text, key and number inside. */
  value(value: unknown): unknown;
}

const OPEN: Mask = { text: (text) => text, value: (value) => value };

/** A mask over these secrets. */
export function maskOf(secrets: Iterable<string>): Mask {
  const known = new Set([...secrets].filter((secret) => secret.length >= LEAST_CHARS));
  if (known.size === 0) return OPEN;
  const sought = [...new Set([...known].slice(0, MOST_SOUGHT).flatMap(writings))].sort((a, b) => b.length - a.length);
  const text = (given: string) =>
    known.has(given) ? MASK : sought.reduce((left, secret) => left.replaceAll(secret, MASK), given);
  const value = (given: unknown): unknown => {
    if (typeof given === 'string') return text(given);
    if (typeof given === 'number') return known.has(String(given)) ? MASK : given;
    if (Array.isArray(given)) return given.map(value);
    if (isExactNumber(given)) return known.has(given.digits) ? MASK : given;
    if (typeof given !== 'object' || given === null) return given;
    return Object.fromEntries(Object.entries(given).map(([key, inner]) => [text(key), value(inner)]));
  };
  return { text, value };
}

/** As it is, inside of JSON, inside of a URL. */
const writings = (secret: string) => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret.toWellFormed()),
  new URLSearchParams({ s: secret }).toString().slice(2),
];
