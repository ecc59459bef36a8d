import { isDeepStrictEqual } from 'node:util';
import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import { conditionalWrite, type Written } from '../../aws/conditional-write.ts';
import { expiresIn, fromItem, type Item, toItem } from '../../aws/items.ts';
import { type Change, noted } from '../../aws/noted.ts';
import { type Patience, patiently } from '../../aws/patiently.ts';
import { FOREVER } from '../../kernel/hold.ts';
import { parseJson } from '../../kernel/json.ts';
import type { PageOf } from '../../kernel/page.ts';
import type { RunFilter } from '../list/filter.ts';
import { type Entry, isNotable } from '../model/entry.ts';
import type { Projection, Run } from '../model/run.ts';
import type { DynamoPlaces } from '../place/places.dynamo.ts';
import type { Beginnings, Created, Entered, Loaded, ProjectedAt, RunChange, Runs, StartKey, Values } from '../ports.ts';
import { textAttribute } from './entries-text.dynamo.ts';
import {
  alreadyIn,
  behind,
  clustersOf,
  endOf,
  journalKey,
  LAST_NUMBER,
  type Packed,
  packed,
  parseJournal,
} from './journal-items.dynamo.ts';
import { countRuns, listRuns, newestRuns } from './list.dynamo.ts';
import {
  isRow,
  labelItem,
  labelItemKey,
  liveKey,
  parseRun,
  rowOf,
  runIdOf,
  runItem,
  runKey,
  runPk,
  startItemKey,
} from './run-items.dynamo.ts';
import { changed, changedRun, dueTaken, kept, projected, type RowUpdate } from './run-updates.dynamo.ts';

export interface RunsSettings {
  table: string;
  /** Reads snapshots, for those who load journals. */
  values?: Pick<Values, 'text'> | undefined;
  /** For those who start runs. */
  places?: Pick<DynamoPlaces, 'entering'> | undefined;
  patience?: Patience | undefined;
}

const START_KEY_DAYS = 30;
const ENDS_KNOWN = 1_000;
const WRITES_AT_ONCE = 25;
const READS_AT_ONCE = 8;
const NEW = { ConditionExpression: 'attribute_not_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };

const startItem = z.object({ runId: z.string(), bodyHash: z.string() });

/** Runs in DynamoDB: one partition a run, with its row and its journal. */
export class DynamoRuns implements Runs {
  readonly #client: () => DynamoDBClient;
  readonly #settings: RunsSettings;
  readonly #now: () => Date;
  /** Where journals ended when they were seen last. Whoever goes on from there need not look into the item before. */
  readonly #ends = new LRUCache<string, number>({ max: ENDS_KNOWN });

  constructor(client: () => DynamoDBClient, settings: RunsSettings, now: () => Date = () => new Date()) {
    this.#client = client;
    this.#settings = settings;
    this.#now = now;
  }

  async create(run: Run, key?: StartKey, { keptUntil, queued, enters }: Beginnings = {}): Promise<Created> {
    const row = {
      ...this.#table,
      ...NEW,
      Item: { ...runItem(run), ...(keptUntil !== undefined && toItem({ expires: run.workflowHold ? FOREVER : keptUntil })) },
    };
    const promise = key && {
      ...startItemKey(key),
      runId: run.id,
      bodyHash: key.bodyHash,
      expires: expiresIn(START_KEY_DAYS, this.#now()),
    };
    const start = promise && { ...this.#table, ...NEW, Item: toItem(promise) };
    const labels = run.labels.map((label) => ({ Put: { ...this.#table, Item: labelItem(run, label) } }));
    const beside = [...(queued ? [this.#firstEntry(run.id, queued)] : []), ...(enters ? this.#entering(run, enters) : [])];
    const written = await this.#writeAll(row, start, [...labels, ...beside]);
    if (written.won) return {};
    const [earlier, found] = written.found;
    if (found && isDeepStrictEqual(rowOf(found), rowOf(row.Item))) return {};
    if (earlier) return { earlier: startItem.parse(fromItem(earlier)) };
    if (found && key) return { earlier: { runId: run.id, bodyHash: key.bodyHash } };
    if (found || beside.length === 0) throw new Error(`There is a run ${run.id} already.`);
    return { full: true };
  }

  /** One write where it is one. What was found: the promise, the row. */
  async #writeAll(
    row: PutItemCommandInput,
    start: PutItemCommandInput | undefined,
    beside: TransactWriteItem[],
  ): Promise<Written> {
    const TransactItems = [...(start ? [{ Put: start }] : []), { Put: row }, ...beside];
    const written = await this.#write(() =>
      TransactItems.length === 1
        ? this.#client().send(new PutItemCommand(row))
        : this.#client().send(new TransactWriteItemsCommand({ TransactItems })),
    );
    return written.won || start ? written : { won: false, found: [undefined, ...written.found] };
  }

  #firstEntry(id: string, { entry, keptUntil }: NonNullable<Beginnings['queued']>): TransactWriteItem {
    return { Put: { ...this.#table, Item: journalItem(id, 1, packed([entry]).text, { keptUntil }) } };
  }

  #entering(run: Run, enters: Entered): TransactWriteItem[] {
    const { places } = this.#settings;
    if (!places) throw new Error('A run that shares a limit is created with the places that it enters.');
    return places.entering(run, enters);
  }

  async startedUnder(key: StartKey) {
    const item = await this.#get(startItemKey(key));
    return item && startItem.parse(fromItem(item));
  }

  async get(id: string) {
    const item = await this.#get(runKey(id));
    return item && parseRun(item);
  }

  async load(id: string): Promise<Loaded | undefined> {
    let run: Run | undefined;
    let before = 0;
    const items: Packed[] = [];
    // The row comes first, then the newest.
    for await (const item of this.#query(whole(id))) {
      if (isRow(item)) {
        run = parseRun(item);
        before = run.snapshot?.number ?? 0;
        continue;
      }
      if (!run) return undefined;
      const found = parseJournal(item);
      if (endOf(found) <= before) break;
      items.push(found);
      if (found.number <= before + 1) break;
    }
    if (!run) return undefined;
    this.#ends.set(id, items[0] ? endOf(items[0]) : before);
    const entries = items.reverse().flatMap((item) => behind(item, before));
    return run.snapshot ? { run, entries, snapshot: await this.#snapshot(run.snapshot.ref) } : { run, entries };
  }

  async entriesAfter(id: string, number: number, limit?: number): Promise<Entry[]> {
    const entries = this.#ends.get(id) === number ? [] : await this.#restOf(id, number);
    const few = limit === undefined ? {} : { Limit: limit };
    for await (const item of this.#query({ ...between(id, number + 1, LAST_NUMBER), ...few })) {
      entries.push(...parseJournal(item).entries);
      if (limit !== undefined && entries.length >= limit) break;
    }
    if (limit !== undefined && entries.length > limit) return entries.slice(0, limit);
    this.#ends.set(id, number + entries.length);
    return entries;
  }

  async entriesAt(id: string, numbers: number[]): Promise<Map<number, Entry>> {
    const items: Packed[] = [];
    const clusters = clustersOf(numbers);
    for (let at = 0; at < clusters.length; at += READS_AT_ONCE) {
      const some = clusters.slice(at, at + READS_AT_ONCE);
      items.push(...(await Promise.all(some.map((cluster) => this.#around(id, cluster)))).flat());
    }
    const found = new Map(
      items.flatMap(({ number, entries }) => entries.map((entry, place) => [number + place, entry] as const)),
    );
    return new Map(numbers.flatMap((number) => entryOf(found, number)));
  }

  async append(id: string, after: number, entries: Entry[], keptUntil: number, writer: string): Promise<number> {
    let written = 0;
    while (written < entries.length) {
      const left = entries.slice(written);
      const count = await this.#appendItem(id, after + written + 1, left, { keptUntil, writer });
      if (count === 0) break;
      written += count;
    }
    if (written === entries.length) this.#ends.set(id, after + written);
    return written;
  }

  async project(run: Run, next: Projection, at: ProjectedAt) {
    return (await this.#update(runKey(run.id), projected(run, next, at, this.#now()))).won;
  }

  async due(shard: number, now: string, limit: number) {
    const query = new QueryCommand({
      ...this.#table,
      IndexName: 'live',
      KeyConditionExpression: 'liveKey = :key AND dueAt <= :now',
      ExpressionAttributeValues: { ':key': { S: liveKey(shard) }, ':now': { S: now } },
      Limit: limit,
    });
    const { Items = [] } = await this.#patiently(() => this.#client().send(query));
    return Items.map((item) => dueItem.parse(fromItem(item))).map(({ pk, dueAt }) => ({ id: runIdOf(pk), dueAt }));
  }

  async takeDue(id: string, seen: string, dueAt: string): Promise<boolean> {
    const written = await this.#update(runKey(id), dueTaken(seen, dueAt));
    return written.won || written.found[0]?.['dueAt']?.S === dueAt;
  }

  async change(run: Run, change: RunChange) {
    if (change.labels !== undefined) return this.#relabel(run, change, change.labels);
    return (await this.#update(runKey(run.id), changed(run, change), noteOf(run, change))).won;
  }

  /** The row and the items by which its labels are found are one transaction: each label that a run has finds it. */
  async #relabel(run: Run, change: RunChange, labels: string[]): Promise<boolean> {
    for (let seen: Run = run; ; ) {
      const labelsWere = change.labelsWere ?? seen.labels;
      const row = { ...this.#at(runKey(run.id)), ...changed(seen, { ...change, labelsWere }) };
      const added = labels.filter((label) => !labelsWere.includes(label));
      const gone = labelsWere.filter((label) => !labels.includes(label));
      const TransactItems = [
        { Update: row },
        ...added.map((label) => ({ Put: { ...this.#table, Item: labelItem(run, label) } })),
        ...gone.map((label) => ({ Delete: { ...this.#table, Key: toItem(labelItemKey(run.id, label)) } })),
      ];
      const command = noted(new TransactWriteItemsCommand({ TransactItems }), noteOf(seen, change));
      const written = await this.#write(() => this.#client().send(command));
      if (written.won) return true;
      const [found] = written.found;
      if (!found || change.labelsWere) return false;
      const now = parseRun(found);
      // It may have been written before, and the answer was lost.
      if (isDeepStrictEqual(changedRun(now, change), changedRun(now, {}))) return true;
      seen = now;
    }
  }

  async keep(id: string, until: number): Promise<void> {
    const keys: object[] = [];
    for await (const { pk, sk, expires } of this.#query(besideRow(id))) {
      if (Number(expires?.N) < until) keys.push({ pk: pk?.S, sk: sk?.S });
    }
    for (let at = 0; at < keys.length; at += WRITES_AT_ONCE) {
      const some = keys.slice(at, at + WRITES_AT_ONCE);
      await Promise.all(some.map((key) => this.#update(key, kept(until))));
    }
  }

  async remove(id: string): Promise<boolean> {
    const row = await this.#get(runKey(id));
    if (row?.['liveKey']) return false;
    const keys: object[] = [];
    for await (const { pk, sk } of this.#query(besideRow(id))) keys.push({ pk: pk?.S, sk: sk?.S });
    for (let at = 0; at < keys.length; at += WRITES_AT_ONCE)
      await Promise.all(keys.slice(at, at + WRITES_AT_ONCE).map((key) => this.#delete(key)));
    // Its row may have expired before the rest.
    if (!row) return true;
    const { name, project, labels } = parseRun(row);
    return (await this.#delete(runKey(id), { object: 'run', id, name, project, before: { name, labels } })).won;
  }

  list(filter: RunFilter, page: PageOf) {
    return listRuns({ client: this.#client(), ...this.#settings }, filter, page, this.#now());
  }

  count(filter: RunFilter) {
    return countRuns({ client: this.#client(), ...this.#settings }, filter, this.#now());
  }

  newest(filter: RunFilter, most: number) {
    return newestRuns({ client: this.#client(), ...this.#settings }, filter, most, this.#now());
  }

  async #snapshot(ref: string): Promise<unknown> {
    const { values } = this.#settings;
    if (!values) throw new Error('A journal with snapshots is loaded with the values they are in.');
    return parseJson(await values.text(ref));
  }

  /** Of the item that holds the entry of that number: what stands behind it. */
  async #restOf(id: string, number: number): Promise<Entry[]> {
    if (number < 1) return [];
    for await (const item of this.#query({ ...between(id, 1, number), ScanIndexForward: false, Limit: 1 }))
      return behind(parseJournal(item), number);
    return [];
  }

  /** The items that hold the entries of a range; the first may begin before it. */
  async #around(id: string, { from, to }: { from: number; to: number }): Promise<Packed[]> {
    const items: Packed[] = [];
    const few = from === to ? { Limit: 1 } : {};
    for await (const item of this.#query({ ...between(id, 1, to), ScanIndexForward: false, ...few })) {
      const found = parseJournal(item);
      items.push(found);
      if (found.number <= from) break;
    }
    return items;
  }

  /** How many of the entries the item of that number has taken, now or before. */
  async #appendItem(id: string, number: number, entries: Entry[], kept: { keptUntil: number; writer: string }): Promise<number> {
    const { text, count } = packed(entries);
    const Item = journalItem(id, number, text, { ...kept, notable: entries.slice(0, count).some(isNotable) });
    const written = await this.#write(() => this.#client().send(new PutItemCommand({ ...this.#table, ...NEW, Item })));
    return written.won ? count : alreadyIn(written.found[0], entries, kept.writer);
  }

  async #get(key: object): Promise<Item | undefined> {
    const get = new GetItemCommand({ ...this.#table, Key: toItem(key), ConsistentRead: true });
    return (await this.#patiently(() => this.#client().send(get))).Item;
  }

  async *#query(input: Omit<QueryCommandInput, 'TableName'>): AsyncGenerator<Item> {
    let ExclusiveStartKey: Item | undefined;
    do {
      const query = new QueryCommand({ ...this.#table, ...input, ExclusiveStartKey });
      const page = await this.#patiently(() => this.#client().send(query));
      yield* page.Items ?? [];
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
  }

  #delete(key: object, note?: Change): Promise<Written> {
    const plain = new DeleteItemCommand({
      ...this.#table,
      Key: toItem(key),
      ConditionExpression: 'attribute_not_exists(liveKey)',
    });
    const command = note ? noted(plain, note) : plain;
    return this.#write(() => this.#client().send(command));
  }

  #update(key: object, update: RowUpdate, note?: Change): Promise<Written> {
    const plain = new UpdateItemCommand({ ...this.#at(key), ...update });
    const command = note ? noted(plain, note) : plain;
    return this.#write(() => this.#client().send(command));
  }

  #write(send: () => Promise<unknown>): Promise<Written> {
    return conditionalWrite(send, this.#settings.patience);
  }

  #patiently<T>(call: () => Promise<T>): Promise<T> {
    return patiently(call, this.#settings.patience);
  }

  #at(key: object) {
    return { ...this.#table, Key: toItem(key), ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
  }

  get #table() {
    return { TableName: this.#settings.table };
  }
}

function noteOf(run: Run, change: RunChange): Change {
  const { id, name, project } = run;
  return { object: 'run', id, name, project, before: run, after: changedRun(run, change) };
}

const journalItem = (
  id: string,
  number: number,
  entries: string,
  { keptUntil, writer, notable = false }: { keptUntil: number; writer?: string; notable?: boolean },
): Item => ({
  ...toItem(journalKey(id, number)),
  ...textAttribute(entries),
  expires: { N: String(keptUntil) },
  ...(writer !== undefined && { writer: { S: writer } }),
  ...(notable && { notable: { BOOL: true } }),
});

const dueItem = z.object({ pk: z.string(), dueAt: z.string() });

/** The row and, behind it, the journal: newest first. */
const whole = (id: string) => ({
  ConsistentRead: true,
  ScanIndexForward: false,
  KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :row',
  ExpressionAttributeValues: { ':pk': { S: runPk(id) }, ':first': { S: journalKey(id, 0).sk }, ':row': { S: runKey(id).sk } },
});

/** All that is kept as long as the row, its journal and comments: when it goes. */
const besideRow = (id: string) => ({
  ConsistentRead: true,
  KeyConditionExpression: 'pk = :pk AND sk < :row',
  ExpressionAttributeValues: { ':pk': { S: runPk(id) }, ':row': { S: runKey(id).sk } },
  ProjectionExpression: 'pk, sk, expires',
});

const between = (id: string, from: number, to: number) => ({
  ConsistentRead: true,
  KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
  ExpressionAttributeValues: {
    ':pk': { S: runPk(id) },
    ':from': { S: journalKey(id, from).sk },
    ':to': { S: journalKey(id, to).sk },
  },
});

function entryOf(found: Map<number, Entry>, number: number): [number, Entry][] {
  const entry = found.get(number);
  return entry ? [[number, entry]] : [];
}
