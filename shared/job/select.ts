import type { Page, PageOf } from '../kernel/page.ts';
import { notFound, Problem } from '../kernel/problem.ts';
import type { RunFilter } from '../run/list/filter.ts';
import type { Run } from '../run/model/run.ts';
import type { JobServices } from './ports.ts';

/** How many may be named by their ids. */
export const MOST_NAMED = 1_000;
/** How many a filter may select. */
export const MOST_SELECTED = 100_000;
const PAGE = 1_000;
const READS_AT_ONCE = 50;
/** The answer comes within 29 seconds or not at all. */
const SELECT_WITHIN_MS = 20_000;

/** What a filter selects, newest first, as many as may be. Throws `invalid` for more, and for what takes too long to look for. */
export async function* selectedBy<T>(
  { now, mostSelected }: Pick<JobServices, 'now' | 'mostSelected'>,
  what: string,
  list: (page: PageOf) => Promise<Page<T>>,
): AsyncGenerator<T[]> {
  const until = now().getTime() + SELECT_WITHIN_MS;
  let count = 0;
  let token: string | undefined;
  do {
    const page = await list({ limit: PAGE, token });
    count += page.items.length;
    if (count > mostSelected) throw tooMany(what, count, mostSelected);
    yield page.items;
    token = page.next;
    if (token !== undefined && now().getTime() > until) throw tooLong(what, count, page.searchedTo);
  } while (token !== undefined);
}

export const runsOf = (services: Pick<JobServices, 'runs' | 'now' | 'mostSelected'>, filter: RunFilter): AsyncGenerator<Run[]> =>
  selectedBy(services, 'runs', (page) => services.runs.list(filter, page));

const tooMany = (what: string, count: number, most: number) =>
  new Problem(
    'invalid',
    `The filter selects more than ${most} ${what}: ${count} so far. Narrow it, such as by \`from\` and \`to\`.`,
    [{ name: 'filter', value: count }],
  );

const tooLong = (what: string, count: number, searchedTo = 'now') =>
  new Problem(
    'invalid',
    `Looking for the ${what} takes too long: ${count} were found down to ${searchedTo}. Narrow the filter by \`from\`.`,
    [{ name: 'filter', value: count }],
  );

/** All that are named, each once, as far as `find` may show them. Throws `not-found` for the others. */
export async function named<T extends { id: string }>(
  what: string,
  ids: string[],
  find: (id: string) => Promise<T | undefined>,
): Promise<T[]> {
  const all = [...new Set(ids)];
  const found = (await inTurns(all, READS_AT_ONCE, find)).filter((one) => one !== undefined);
  if (found.length === all.length) return found;
  const seen = new Set(found.map(({ id }) => id));
  throw unknown(
    what,
    all.filter((id) => !seen.has(id)),
  );
}

const unknown = (what: string, ids: string[]) =>
  ids.length === 1
    ? notFound(what, String(ids[0]))
    : new Problem(
        'not-found',
        `There are no ${what}s ${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''}.`,
        ids.map((value) => ({ name: what, value })),
      );

/** Does it for all of them, so many at once, and gives what came of it in their order. */
export async function inTurns<T, R>(items: readonly T[], atOnce: number, act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += atOnce) results.push(...(await Promise.all(items.slice(at, at + atOnce).map(act))));
  return results;
}
