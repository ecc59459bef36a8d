import { Problem } from '../kernel/problem.ts';
import type { RunFilter } from '../run/list/filter.ts';
import type { Run } from '../run/model/run.ts';
import type { JobServices } from './ports.ts';

/** How many runs may be named by their ids. */
export const MOST_NAMED = 1_000;
/** How many runs a filter may select. */
export const MOST_SELECTED = 100_000;
const PAGE = 1_000;
const READS_AT_ONCE = 50;
/** The answer comes within 29 seconds or not at all. */
const SELECT_WITHIN_MS = 20_000;

/** The runs that a filter selects, newest first, as many as may be. Throws `invalid` for more, and for what takes too long to look for. */
export async function* runsOf({ runs, now, mostSelected }: JobServices, filter: RunFilter): AsyncGenerator<Run[]> {
  const until = now().getTime() + SELECT_WITHIN_MS;
  let count = 0;
  let token: string | undefined;
  do {
    const page = await runs.list(filter, { limit: PAGE, token });
    count += page.items.length;
    if (count > mostSelected) throw tooMany(count, mostSelected);
    yield page.items;
    token = page.next;
    if (token !== undefined && now().getTime() > until) throw tooLong(count, page.searchedTo);
  } while (token !== undefined);
}

const tooMany = (count: number, most: number) =>
  new Problem(
    'invalid',
    `The filter selects more than ${most} runs: ${count} so far. Narrow it, such as by \`from\` and \`to\`.`,
    [{ name: 'filter', value: count }],
  );

const tooLong = (count: number, searchedTo = 'now') =>
  new Problem(
    'invalid',
    `Looking for the runs takes too long: ${count} were found down to ${searchedTo}. Narrow the filter by \`from\`.`,
    [{ name: 'filter', value: count }],
  );

/** Each of the runs, as far as it is there, in their order. */
export async function runsNamed({ runs }: Pick<JobServices, 'runs'>, ids: string[]): Promise<(Run | undefined)[]> {
  return inTurns(ids, READS_AT_ONCE, (id) => runs.get(id));
}

/** Does it for all of them, so many at once, and gives what came of it in their order. */
export async function inTurns<T, R>(items: readonly T[], atOnce: number, act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += atOnce) results.push(...(await Promise.all(items.slice(at, at + atOnce).map(act))));
  return results;
}
