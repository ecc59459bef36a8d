import { decodeTime, encodeTime } from 'ulid';
import { badToken, listName, readToken, toItem, writeToken } from '../../aws/items.ts';
import { BATCH, getItems } from '../../aws/rows.ts';
import type { Page, PageOf } from '../../kernel/page.ts';
import { type Run, run } from '../model/run.ts';
import { RUN_STATUS, STAGES } from '../model/status.ts';
import type { RunFilter } from '../ports.ts';
import { NewestFirst, type Partition, type Reading } from './newest-first.dynamo.ts';
import { inProject, inState, inWorkflow, inWorkspace, rowOf, runKey, shardsOf, YOUNG_LIST_MS } from './run-items.dynamo.ts';

/** Rows read for one page at the most: where a filter is rare, the page is short and says how far it has looked. More would take over 10 ms. */
const MOST_READ = BATCH;

/**
 * Newest first: ids from the index that narrows the list most, then their rows, which say what the index does not. A page reads about what it returns.
 */
export async function listRuns(reading: Reading, filter: RunFilter, { limit, token }: PageOf, now: Date): Promise<Page<Run>> {
  const name = listName(['runs', filter]);
  const [first, last] = [firstId(filter.from), lastId(filter.to)];
  const at = readToken(name, token);
  // A list does not go on from outside its bounds.
  if (token !== undefined && at !== undefined && (at < first || at > last)) throw badToken(token);
  const bounds = { from: first, to: at === undefined ? last : before(at) };
  // DynamoDB refuses bounds that are the wrong way round.
  if (bounds.from > bounds.to) return { items: [], next: undefined };
  const source = sourceOf(filter, bounds, now);
  const { items, end } = await readPage(reading, source, filter, limit);
  if (end === undefined) return { items, next: undefined };
  const searchedTo = source.isExact ? {} : { searchedTo: new Date(decodeTime(end)).toISOString() };
  return { items, next: writeToken(name, end), ...searchedTo };
}

/** Where the ids come from. `isExact`: nearly all of them fit. */
interface Source {
  partitions: Partition[];
  isExact: boolean;
}

interface Bounds {
  from: string;
  to: string;
}

function sourceOf(filter: RunFilter, bounds: Bounds, now: Date): Source {
  const { workspace, project, status, stage, trigger, parent } = filter;
  if (parent !== undefined) {
    return {
      partitions: [{ index: 'by-parent', attribute: 'parentKey', value: parent, ...bounds }],
      isExact: !status && !trigger,
    };
  }
  const feed = feedOf(filter, bounds);
  if (status === undefined || !RUN_STATUS[status].rare) return { partitions: feed.partitions, isExact: feed.isExact && !status };
  const states = partitionsOf('by-state', 'stateKey', [inState({ workspace, status })], bounds);
  const isExact = !filter.workflowId && !project && !stage && !trigger;
  if (status !== 'pending' && status !== 'running') return { partitions: states, isExact };
  // Those who have only just come are not in the index by state.
  const young = Math.max(now.getTime() - YOUNG_LIST_MS, 0);
  const from = [bounds.from, encodeTime(young) + FIRST].toSorted().at(-1) ?? bounds.from;
  const top = from > bounds.to ? [] : feed.partitions.map((partition) => ({ ...partition, from }));
  return { partitions: [...states, ...top], isExact: false };
}

function feedOf({ workspace, project, workflowId, stage, trigger }: RunFilter, bounds: Bounds): Source {
  if (workflowId !== undefined) {
    const stages = stage === undefined ? STAGES : [stage];
    const names = stages.map((one) => inWorkflow({ workflowId, stage: one }));
    return { partitions: partitionsOf('by-workflow', 'workflowKey', names, bounds), isExact: !trigger };
  }
  const isExact = !stage && !trigger;
  if (project !== undefined)
    return { partitions: partitionsOf('by-project', 'projectKey', [inProject({ workspace, project })], bounds), isExact };
  return { partitions: partitionsOf('by-workspace', 'workspaceKey', [inWorkspace({ workspace })], bounds), isExact };
}

const partitionsOf = (index: string, attribute: string, names: string[], bounds: Bounds): Partition[] =>
  names.flatMap((name) => shardsOf(index, name)).map((value) => ({ index, attribute, value, ...bounds }));

/** The runs that fit among the next ids; `end` is the last id that was looked at, when there are more behind it. */
async function readPage(
  reading: Reading,
  { partitions, isExact }: Source,
  filter: RunFilter,
  limit: number,
): Promise<{ items: Run[]; end: string | undefined }> {
  const atOnce = isExact ? limit : BATCH;
  const ids = new NewestFirst(reading, partitions, atOnce + 1);
  const items: Run[] = [];
  for (let looked = 0; ; ) {
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
    if (looked >= MOST_READ) return { items, end: some.at(-1) };
  }
}

const FIELDS = ['workspace', 'project', 'workflowId', 'status', 'stage', 'trigger', 'parent'] as const;

/** An index may be behind its rows, and archived runs are in no list. */
const fits = (row: Record<string, unknown>, filter: RunFilter) =>
  row['archived'] !== true && FIELDS.every((field) => filter[field] === undefined || row[field] === filter[field]);

async function rowsOf({ client, table, patience }: Reading, ids: string[]): Promise<Map<unknown, Record<string, unknown>>> {
  const items = await getItems(
    client,
    table,
    ids.map((id) => toItem(runKey(id))),
    patience,
  );
  return new Map(items.map(rowOf).map((row) => [row['id'], row]));
}

const FIRST = '0'.repeat(16);
const LAST = 'Z'.repeat(16);
const LATEST_MS = decodeTime('7ZZZZZZZZZ0000000000000000');
/** Ids begin in 1970. */
const timePart = (at: string) => encodeTime(Math.max(0, Date.parse(at)));
const firstId = (from: string | undefined) => (from === undefined ? encodeTime(0) : timePart(from)) + FIRST;
const lastId = (to: string | undefined) => (to === undefined ? encodeTime(LATEST_MS) : timePart(to)) + LAST;

/** A text behind all ids that stand before this one. */
const before = (id: string) => `${id.slice(0, -1)}${String.fromCharCode(id.charCodeAt(id.length - 1) - 1)}~`;
