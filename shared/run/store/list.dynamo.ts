import { decodeTime } from 'ulid';
import { toItem } from '../../aws/items.ts';
import { BATCH, getItems } from '../../aws/rows.ts';
import { badToken, listName, readToken, writeToken } from '../../kernel/list-token.ts';
import type { Page, PageOf } from '../../kernel/page.ts';
import { boundsOf, fits, type RunFilter } from '../list/filter.ts';
import { type Run, run } from '../model/run.ts';
import { MOST_COUNTED, type Newest, type RunCount } from '../ports.ts';
import { areSaidByKeys, beginningSo, knownPlan, type ListPlan, listPlans } from './list-plan.dynamo.ts';
import { countIn, type Ids, InAll, idsIn, NewestFirst, type Reading } from './newest-first.dynamo.ts';
import { rowOf, runKey } from './run-items.dynamo.ts';

interface Reach {
  rows: number;
  /** Of what several indexes have in common. */
  keys: number;
  ms: number;
}

/** What is read for one page at the most, and for how long: where a filter is rare, the page is short and says how far it has looked. */
const PAGE_REACH: Reach = { rows: 2_000, keys: 20_000, ms: 35 };
/** Whoever goes on would rather wait than ask hundreds of times. */
const SEARCH_REACH: Reach = { rows: 10_000, keys: 200_000, ms: 300 };
/** To count, or to look at the newest of what several indexes have in common. */
const areEnough = (keys: number) => keys >= SEARCH_REACH.keys;
const MOST_AT_ONCE = 4 * BATCH;
/** In one shard, sorted by reference: of more that begin alike the newest are looked for elsewhere. */
const MOST_ALIKE = 300;

/**
 * Newest first: ids from the index that narrows the list most, then their rows, which say what the index does not. A page reads about what it returns.
 */
export async function listRuns(reading: Reading, filter: RunFilter, { limit, token }: PageOf, now: Date): Promise<Page<Run>> {
  const begun = performance.now();
  const name = listName(['runs', filter]);
  const { from, to } = boundsOf(filter);
  const at = readToken(name, token);
  // A list does not go on from outside its bounds.
  if (token !== undefined && at !== undefined && (at < from || at > to)) throw badToken(token);
  const sought = await resolved(reading, filter, now);
  const { items, end, isExact } = await readPage(reading, await plansOf(reading, sought, now), sought, {
    limit,
    before: at,
    begun,
  });
  if (end === undefined) return { items, next: undefined };
  const searchedTo = isExact ? {} : { searchedTo: timeOf(end) };
  return { items, next: writeToken(name, end), end, ...searchedTo };
}

const timeOf = (id: string) => new Date(decodeTime(id)).toISOString();

/** What a list shows at the least. */
const listed = run.pick({ id: true, status: true, createdAt: true });

/** What `q` asks for: the runs that it names, if there are any. */
async function resolved(reading: Reading, filter: RunFilter, now: Date): Promise<RunFilter> {
  const { q, ...rest } = filter;
  if (q === undefined) return filter;
  const named = { ...rest, named: q };
  const { items } = await readPage(reading, listPlans(named, now), named, { limit: 1 });
  return items.length > 0 ? named : filter;
}

/** The ways to the runs of a filter; those whose reference begins as it asks are known where they are not many. */
async function plansOf(reading: Reading, filter: RunFilter, now: Date): Promise<ListPlan[]> {
  const plans = listPlans(filter, now);
  const alike = plans.some(({ isExact }) => isExact) ? [] : beginningSo(filter);
  const ids = alike.length > 0 ? await idsIn(reading, alike, MOST_ALIKE) : undefined;
  return ids ? [knownPlan(filter, ids)] : plans;
}

/** A way to the ids of a list. */
interface Way {
  ids: Ids;
  /** How many of them are likely to be taken. */
  likely: number;
  /** Nearly all of them fit. */
  isExact: boolean;
  /** What several indexes have in common, from where the way is on. `isSaidByKeys`: all of it fits. */
  joined?: { ids: Ids; isSaidByKeys: boolean };
}

/** An index that has so many times fewer ids than another is read without it: a row costs what seventy keys do, and takes as long as ten. */
const WORTH_JOINING = 20;
/** Of so many rows one fits, or it is worth to see by keys which they are. */
const SELDOM = 10;

/** The ids of the plan with the fewest: the first, where it is soon at its end. */
async function wayOf(
  reading: Reading,
  filter: RunFilter,
  plans: ListPlan[],
  { limit, before }: { limit: number; before?: string | undefined },
): Promise<Way> {
  const [first, ...others] = plans.map((plan) => {
    const likely = plan.isExact ? limit : Math.min(BATCH, 2 * limit);
    return { ...plan, likely, ids: new NewestFirst(reading, plan, { likely: likely + 1, before }) };
  });
  if (!first) throw new Error('A list has one plan at the least.');
  if (others.length === 0 || (await first.ids.look()).reach === '') return first;
  const looks = await Promise.all([first, ...others].map(async (one) => ({ ...one, ...(await one.ids.look()) })));
  const rarest = looks.reduce((best, one) =>
    one.reach < best.reach || (one.reach === best.reach && one.count < best.count) ? one : best,
  );
  if (rarest.reach === '') return rarest;
  const newestMs = Math.max(...looks.map(({ newest }) => decodeTime(newest)));
  const spanOf = ({ reach }: { reach: string }) => newestMs - decodeTime(reach);
  const alike = looks.filter((one) => spanOf(one) * WORTH_JOINING >= spanOf(rarest));
  if (alike.length === 1) return rarest;
  const isSaidByKeys = areSaidByKeys(filter, alike);
  return { ...rarest, joined: { ids: new InAll(alike.map(({ ids }) => ids)), isSaidByKeys } };
}

/** Where it shows that they seldom meet, the rows of what is not in all of them are left out from here on. */
function leaveOut(way: Way, looked: number, fit: number): void {
  if (way.joined && looked >= BATCH && fit * SELDOM < looked) way.ids = way.joined.ids;
}

/** The runs that fit among the next ids; `end` is the last id that was looked at, when there are more behind it. */
async function readPage(
  reading: Reading,
  plans: ListPlan[],
  filter: RunFilter,
  { limit, before, begun = performance.now() }: { limit: number; before?: string | undefined; begun?: number },
): Promise<{ items: Run[]; end: string | undefined; isExact: boolean }> {
  const reach = before === undefined ? PAGE_REACH : SEARCH_REACH;
  const spent = () => performance.now() - begun;
  const way = await wayOf(reading, filter, plans, { limit, before });
  const { isExact } = way;
  const items: Run[] = [];
  let looked = 0;
  let lastMs = 0;
  const isEnough = (keys: number) => keys >= reach.keys || spent() >= reach.ms;
  for await (const { ids, rows, end } of rowsOf(reading, way, isEnough)) {
    for (const [place, id] of ids.entries()) {
      const row = rows.get(id);
      if (row && fits(row, filter)) items.push(run.parse(row));
      if (items.length === limit) return { items, isExact, end: end === undefined && place === ids.length - 1 ? undefined : id };
    }
    looked += ids.length;
    leaveOut(way, looked, items.length);
    const ms = spent();
    // The next rows take as long as the last ones at the least.
    if (end !== undefined && (looked >= reach.rows || isEnough(way.ids.keys) || ms + (ms - lastMs) > reach.ms))
      return { items, isExact, end };
    lastMs = ms;
  }
  return { items, isExact, end: undefined };
}

/** The newest runs that fit among so many that are looked at. */
export async function newestRuns(reading: Reading, filter: RunFilter, most: number, now: Date): Promise<Newest> {
  const sought = await resolved(reading, filter, now);
  const way = await wayOf(reading, sought, await plansOf(reading, sought, now), { limit: Math.min(most, MOST_AT_ONCE) });
  return newestOf(reading, way, sought, most);
}

async function newestOf(reading: Reading, way: Way, sought: RunFilter, most: number): Promise<Newest> {
  const items: Newest['items'] = [];
  let looked = 0;
  for await (const { ids, rows, end } of rowsOf(reading, way, areEnough)) {
    for (const id of ids) {
      const row = rows.get(id);
      if (row && fits(row, sought)) items.push(listed.parse(row));
    }
    looked += ids.length;
    leaveOut(way, looked, items.length);
    if (end !== undefined && (looked >= most || areEnough(way.ids.keys))) return { items, searchedTo: timeOf(end) };
  }
  return { items };
}

/** How many runs fit: counted in the index where it says all that the filter asks for, or in several that do together, else in the rows. */
export async function countRuns(reading: Reading, filter: RunFilter, now: Date): Promise<RunCount> {
  const plan = listPlans(filter, now).find(({ isSaidByKeys }) => isSaidByKeys);
  if (filter.q === undefined && plan) {
    const counts = await Promise.all(plan.partitions.map((partition) => countIn(reading, partition, MOST_COUNTED + 1)));
    const count = counts.reduce((sum, one) => sum + one, 0);
    return { count: Math.min(count, MOST_COUNTED), exact: count <= MOST_COUNTED };
  }
  const sought = await resolved(reading, filter, now);
  const way = await wayOf(reading, sought, await plansOf(reading, sought, now), { limit: MOST_AT_ONCE });
  if (way.joined?.isSaidByKeys) {
    const { ids, end } = await way.joined.ids.take(MOST_COUNTED + 1, areEnough);
    return { count: Math.min(ids.length, MOST_COUNTED), exact: end === undefined && ids.length <= MOST_COUNTED };
  }
  const { items, searchedTo } = await newestOf(reading, way, sought, MOST_COUNTED);
  return { count: items.length, exact: searchedTo === undefined };
}

/** The rows behind ids, newest first, more and more at once. */
async function* rowsOf(reading: Reading, way: Way, isEnough: (keys: number) => boolean) {
  for (let atOnce = way.likely; ; atOnce = Math.min(atOnce * 2, MOST_AT_ONCE)) {
    const { ids, end } = await way.ids.take(atOnce, isEnough);
    yield { ids, rows: await rowsBehind(reading, ids), end };
    if (end === undefined) return;
  }
}

async function rowsBehind({ client, table, patience }: Reading, ids: string[]): Promise<Map<unknown, Record<string, unknown>>> {
  const items = await getItems(
    client,
    table,
    ids.map((id) => toItem(runKey(id))),
    patience,
  );
  return new Map(items.map(rowOf).map((row) => [row['id'], row]));
}
