import { decodeTime } from 'ulid';
import { badToken, listName, readToken, toItem, writeToken } from '../../aws/items.ts';
import { BATCH, getItems } from '../../aws/rows.ts';
import type { Page, PageOf } from '../../kernel/page.ts';
import { boundsOf, fits, type RunFilter } from '../list/filter.ts';
import { type Run, run } from '../model/run.ts';
import { type ListPlan, listPlan } from './list-plan.dynamo.ts';
import { NewestFirst, type Reading } from './newest-first.dynamo.ts';
import { rowOf, runKey } from './run-items.dynamo.ts';

/** Rows read for one page at the most, and for how long: where a filter is rare, the page is short and says how far it has looked. */
const MOST_READ = 2_000;
const LONGEST_MS = 35;
const MOST_AT_ONCE = 4 * BATCH;

/**
 * Newest first: ids from the index that narrows the list most, then their rows, which say what the index does not. A page reads about what it returns.
 */
export async function listRuns(reading: Reading, filter: RunFilter, { limit, token }: PageOf, now: Date): Promise<Page<Run>> {
  const name = listName(['runs', filter]);
  const { from, to } = boundsOf(filter);
  const at = readToken(name, token);
  // A list does not go on from outside its bounds.
  if (token !== undefined && at !== undefined && (at < from || at > to)) throw badToken(token);
  const sought = await resolved(reading, filter, now);
  const plan = listPlan(sought, now);
  const { items, end } = await readPage(reading, plan, sought, { limit, before: at });
  if (end === undefined) return { items, next: undefined };
  const searchedTo = plan.isExact ? {} : { searchedTo: new Date(decodeTime(end)).toISOString() };
  return { items, next: writeToken(name, end), ...searchedTo };
}

/** What `q` asks for: the runs that it names, if there are any. */
async function resolved(reading: Reading, filter: RunFilter, now: Date): Promise<RunFilter> {
  const { q, ...rest } = filter;
  if (q === undefined) return filter;
  const named = { ...rest, named: q };
  const { items } = await readPage(reading, listPlan(named, now), named, { limit: 1 });
  return items.length > 0 ? named : filter;
}

/** The runs that fit among the next ids; `end` is the last id that was looked at, when there are more behind it. */
async function readPage(
  reading: Reading,
  plan: ListPlan,
  filter: RunFilter,
  { limit, before }: { limit: number; before?: string | undefined },
): Promise<{ items: Run[]; end: string | undefined }> {
  const until = performance.now() + LONGEST_MS;
  let atOnce = plan.isExact ? limit : BATCH;
  const ids = new NewestFirst(reading, plan, { likely: atOnce + 1, before });
  const items: Run[] = [];
  for (let looked = 0; ; atOnce = Math.min(Math.max(atOnce, BATCH) * 2, MOST_AT_ONCE)) {
    const some = await ids.take(atOnce);
    looked += some.length;
    const rows = await rowsOf(reading, some);
    for (const [place, id] of some.entries()) {
      const row = rows.get(id);
      if (row && fits(row, filter)) items.push(run.parse(row));
      if (items.length < limit) continue;
      const isLast = place === some.length - 1 && (await ids.isExhausted());
      return { items, end: isLast ? undefined : id };
    }
    if (await ids.isExhausted()) return { items, end: undefined };
    if (looked >= MOST_READ || performance.now() > until) return { items, end: some.at(-1) };
  }
}

async function rowsOf({ client, table, patience }: Reading, ids: string[]): Promise<Map<unknown, Record<string, unknown>>> {
  const items = await getItems(
    client,
    table,
    ids.map((id) => toItem(runKey(id))),
    patience,
  );
  return new Map(items.map(rowOf).map((row) => [row['id'], row]));
}
