import * as z from 'zod';
import { isExactNumber } from '../kernel/json.ts';
import { cutValue } from '../run/shown/cut-value.ts';

/** A place at which two values are not the same; a side that has nothing there is left out. */
const difference = z.object({
  /** A JSON Pointer (RFC 6901): `/lines/0/price`; empty for the value as a whole. */
  path: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});
export type Difference = z.infer<typeof difference>;

export const differences = z.object({
  items: z.array(difference),
  /** There are more than were listed. */
  more: z.boolean(),
});
export type Differences = z.infer<typeof differences>;

/** Nobody reads more of them. */
const MOST_DIFFERENCES = 200;

export const SAME: Differences = { items: [], more: false };

/** Where two JSON values part, in the order of the first; what lies at or below an ignored path is no difference. Numbers are compared digit by digit. */
export function differencesOf(before: unknown, after: unknown, ignore: string[] = [], most = MOST_DIFFERENCES): Differences {
  const search = new Search(ignore.map(segmentsOf), most);
  search.compare(before, after, []);
  return search.found;
}

/** Of each side of a difference so much is shown. */
const SIDE_BYTES = 1024;

/** The first of them, with no more of either side than anybody reads. */
export const cutDifferences = ({ items, more }: Differences, most = items.length): Differences => ({
  items: items.slice(0, most).map(({ path, ...sides }) => ({
    path,
    ...('before' in sides && { before: cutValue(sides.before, SIDE_BYTES, null) }),
    ...('after' in sides && { after: cutValue(sides.after, SIDE_BYTES, null) }),
  })),
  more: more || items.length > most,
});

/** `/a~1b/0` -> `['a/b', '0']` */
export const segmentsOf = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));

const pathOf = (segments: string[]) =>
  segments.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

class Search {
  readonly found: Differences = { items: [], more: false };
  readonly #ignored: string[][];
  readonly #most: number;

  constructor(ignored: string[][], most: number) {
    this.#ignored = ignored;
    this.#most = most;
  }

  compare(before: unknown, after: unknown, at: string[]): void {
    if (this.found.more || isSame(before, after) || this.#isIgnored(at)) return;
    const keys = keysOf(before, after);
    if (!keys) this.#add({ path: pathOf(at), before, after });
    for (const key of keys ?? []) {
      const path = [...at, key];
      const [left, right] = [own(before, key), own(after, key)];
      if (left && right) this.compare(left.value, right.value, path);
      else if (!this.#isIgnored(path))
        this.#add({ path: pathOf(path), ...(left && { before: left.value }), ...(right && { after: right.value }) });
    }
  }

  #add(difference: Difference): void {
    if (this.found.items.length < this.#most) this.found.items.push(difference);
    else this.found.more = true;
  }

  #isIgnored(at: string[]): boolean {
    return this.#ignored.some(
      (path) => path.length === at.length && path.every((segment, place) => segment === '*' || segment === at[place]),
    );
  }
}

function isSame(before: unknown, after: unknown): boolean {
  if (isExactNumber(before) && isExactNumber(after)) return before.digits === after.digits;
  // -0 and 0 are one number.
  return before === after;
}

/** The names in either of two lists or of two objects; undefined when they are neither. */
function keysOf(before: unknown, after: unknown): Iterable<string> | undefined {
  if (Array.isArray(before) && Array.isArray(after))
    return Array.from({ length: Math.max(before.length, after.length) }, (_, index) => String(index));
  if (!isRecord(before) || !isRecord(after)) return undefined;
  return new Set([...Object.keys(before), ...Object.keys(after)]);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);

function own(value: unknown, key: string): { value: unknown } | undefined {
  const found = Object.getOwnPropertyDescriptor(value, key);
  return found && { value: found.value };
}
