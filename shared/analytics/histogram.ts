import type { RunFilter } from '../run/list/filter.ts';
import { isTerminal, RUN_STATUSES } from '../run/model/status.ts';
import { MOST_COUNTED, type Runs } from '../run/ports.ts';
import type { Tally } from '../run/read/histogram.ts';
import type { Counters, ReadRow } from './counters.ts';
import { startOf } from './hours.ts';

export interface HistogramServices {
  runs: Pick<Runs, 'newest' | 'list'>;
  counters: Pick<Counters, 'read'>;
  now: () => Date;
}

export interface Tallies {
  items: Tally[];
  /** The time down to which was looked, when there is more. */
  searchedTo?: string | undefined;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Counters of a day are eight reads. */
const USUAL_DAYS = 31;
const MOST_DAYS = 92;

const NONE: Tallies = { items: [] };
const LIVE = RUN_STATUSES.filter((status) => !isTerminal(status));
const ENDED = RUN_STATUSES.filter(isTerminal);

const iso = (ms: number) => new Date(ms).toISOString();
const hourAt = (ms: number) => Math.floor(ms / HOUR_MS) * HOUR_MS;
const hourFrom = (ms: number) => Math.ceil(ms / HOUR_MS) * HOUR_MS;
const nameOf = (ms: number) => iso(ms).slice(0, 'YYYY-MM-DDTHH'.length);

/**
 * When runs were created and what became of them: counted one by one where the filter asks for more than counters know, and in the last hours, which
 * counters may not know yet; before that from the counters.
 */
export async function tallies(services: HistogramServices, filter: RunFilter): Promise<Tallies> {
  if (!isCounted(filter)) return services.runs.newest(filter, MOST_COUNTED);
  const window = windowOf(filter, services.now().getTime());
  const top = await oneByOne(services, { ...filter, from: iso(Math.max(window.from, window.topFrom)) });
  // Part of an hour is not what counters know.
  if (top.searchedTo !== undefined && window.isPart) return top;
  const topFrom = top.searchedTo === undefined ? window.topFrom : hourAt(Date.parse(top.searchedTo)) + HOUR_MS;
  const rest = await before(services, filter, { from: window.from, to: topFrom });
  const items = [...top.items.filter(({ createdAt }) => Date.parse(createdAt) >= topFrom), ...rest.items];
  return { items, searchedTo: rest.searchedTo ?? (await olderThan(services, filter, window)) };
}

/** Whether counters know all that it asks for. */
function isCounted({ workspace: _, project: __, workflowId: ___, from: ____, to: _____, archived, ...rest }: RunFilter): boolean {
  return archived !== true && Object.values(rest).every((value) => value === undefined);
}

interface Window {
  from: number;
  /** From here on runs are counted one by one. */
  topFrom: number;
  /** That is part of an hour. */
  isPart: boolean;
  /** Older ones are not looked for. */
  isCut: boolean;
}

function windowOf({ from, to }: RunFilter, now: number): Window {
  const lastHours = hourAt(now) - HOUR_MS;
  const end = to === undefined ? now : Math.min(Date.parse(to), now);
  const isPart = end < lastHours;
  const least = hourAt(end) - (from === undefined ? USUAL_DAYS : MOST_DAYS) * DAY_MS;
  const asked = from === undefined ? 0 : Date.parse(from);
  return { from: Math.max(asked, least), topFrom: isPart ? hourAt(end + 1) : lastHours, isPart, isCut: asked < least };
}

/** Runs of whole hours by the counters, of the part of an hour at the beginning one by one. */
async function before(
  services: HistogramServices,
  filter: RunFilter,
  { from, to }: { from: number; to: number },
): Promise<Tallies> {
  if (from >= to) return NONE;
  const firstHour = hourFrom(from);
  const part =
    firstHour > from ? await oneByOne(services, { ...filter, from: iso(from), to: iso(Math.min(firstHour, to) - 1) }) : NONE;
  if (firstHour >= to) return part;
  const counted = await byCounters(services, filter, firstHour, to);
  if (counted.searchedTo !== undefined) return counted;
  return { items: [...counted.items, ...part.items], searchedTo: part.searchedTo };
}

/** Counters know what has ended and was no test, archived or not: the rest is added, and what is not shown taken away. */
async function byCounters(services: HistogramServices, filter: RunFilter, fromMs: number, toMs: number): Promise<Tallies> {
  const { workspace, project, workflowId, archived = false } = filter;
  const within = { workspace, project, workflowId };
  const [from, to] = [iso(fromMs), iso(toMs - 1)];
  const count = (more: Partial<RunFilter>) => oneByOne(services, { ...within, from, to, ...more });
  const [ended, live, tests, hidden] = await Promise.all([
    services.counters.read({
      ...within,
      of: workflowId === undefined ? 'project' : 'workflow',
      from: nameOf(fromMs),
      to: nameOf(toMs - HOUR_MS),
    }),
    count({ status: LIVE, archived }),
    count({ status: ENDED, trigger: 'test', archived: 'any' }),
    archived === 'any' ? NONE : count({ status: ENDED, archived: true }),
  ]);
  const counted = ended.rows.flatMap(talliesIn);
  const taken = hidden.items.map((one) => ({ ...one, count: -1 }));
  return cutAt(
    [...counted, ...live.items, ...tests.items, ...taken],
    [
      ended.searchedTo === undefined ? undefined : startOf(ended.searchedTo),
      live.searchedTo,
      tests.searchedTo,
      hidden.searchedTo,
    ],
  );
}

const talliesIn = ({ name: { hour }, counts }: ReadRow): Tally[] =>
  ENDED.map((status) => ({ createdAt: startOf(hour), status, count: counts[status] ?? 0 }));

/** Where one of several has not been read to its end, the others say nothing of that time either. */
function cutAt(items: Tally[], reached: (string | undefined)[]): Tallies {
  const least = reached
    .filter((at) => at !== undefined)
    .toSorted()
    .at(-1);
  if (least === undefined) return { items };
  const searchedTo = iso(hourFrom(Date.parse(least)));
  return { items: items.filter(({ createdAt }) => createdAt >= searchedTo), searchedTo };
}

const oneByOne = ({ runs }: HistogramServices, filter: RunFilter): Promise<Tallies> => runs.newest(filter, MOST_COUNTED);

/** How far it has looked, when there are older runs. */
async function olderThan({ runs }: HistogramServices, filter: RunFilter, { from, isCut }: Window): Promise<string | undefined> {
  if (!isCut) return undefined;
  const { items, next } = await runs.list({ ...filter, to: iso(from - 1) }, { limit: 1 });
  return items.length > 0 || next !== undefined ? iso(from) : undefined;
}
