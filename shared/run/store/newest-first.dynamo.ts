import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../aws/items.ts';
import { type Patience, patiently } from '../../aws/patiently.ts';
import { runIdOf, runPk } from './run-items.dynamo.ts';

/** One partition of an index over the ids of runs, within bounds that belong to them. */
export interface Partition {
  index: string;
  attribute: string;
  value: string;
  /** What it is sorted by, and what stands there before the id; the run itself when absent. */
  sort?: { attribute: string; prefix: string };
  from: string;
  to: string;
}

const BY_RUN = { attribute: 'pk', prefix: runPk('') };

export interface Reading {
  client: DynamoDBClient;
  table: string;
  patience?: Patience | undefined;
}

const queryOf = (table: string, { index, attribute, value, sort = BY_RUN, from, to }: Partition) => ({
  TableName: table,
  IndexName: index,
  KeyConditionExpression: '#key = :key AND #sort BETWEEN :from AND :to',
  ExpressionAttributeNames: { '#key': attribute, '#sort': sort.attribute },
  ExpressionAttributeValues: {
    ':key': { S: value },
    ':from': { S: sort.prefix + from },
    ':to': { S: sort.prefix + to },
  },
});

/** How many ids the partition has, up to so many: keys are counted where they stand. */
export async function countIn({ client, table, patience }: Reading, partition: Partition, most: number): Promise<number> {
  let count = 0;
  let ExclusiveStartKey: Item | undefined;
  do {
    const query = new QueryCommand({
      ...queryOf(table, partition),
      Select: 'COUNT',
      Limit: most - count,
      ExclusiveStartKey,
    });
    const { Count = 0, LastEvaluatedKey } = await patiently(() => client.send(query), patience);
    count += Count;
    ExclusiveStartKey = LastEvaluatedKey;
  } while (ExclusiveStartKey && count < most);
  return count;
}

/** The ids of partitions that are sorted by something else, in any order; undefined when one has more than so many. */
export async function idsIn(
  { client, table, patience }: Reading,
  partitions: Partition[],
  most: number,
): Promise<string[] | undefined> {
  const pages = await Promise.all(
    partitions.map((partition) => {
      const query = new QueryCommand({ ...queryOf(table, partition), Limit: most });
      return patiently(() => client.send(query), patience);
    }),
  );
  if (pages.some(({ LastEvaluatedKey }) => LastEvaluatedKey)) return undefined;
  return pages.flatMap(({ Items = [] }) => Items.flatMap(idIn));
}

const idIn = ({ pk }: Item) => (pk?.S === undefined ? [] : [runIdOf(pk.S)]);

/** The ids of one partition, newest first, some at a time. */
class Shard {
  readonly #reading: Reading;
  readonly #partition: Partition;
  #limit: number;
  #ids: string[] = [];
  #taken = 0;
  /** Up to here it has not been read. */
  #to: string;
  #isRead = false;
  keys = 0;

  constructor(reading: Reading, partition: Partition, limit: number) {
    this.#reading = reading;
    this.#partition = partition;
    this.#to = partition.to;
    this.#limit = limit;
  }

  /** The newest that was not taken, once there is one or none is left. */
  get newest(): string | undefined {
    return this.#ids[this.#taken];
  }

  /** The last one that was read, when there are more behind it. */
  get reach(): string {
    return this.#isRead ? '' : (this.#ids.at(-1) ?? '');
  }

  get count(): number {
    return this.#ids.length - this.#taken;
  }

  take(): void {
    this.#taken += 1;
  }

  /** Leaves out what is newer than this id: what was not read yet, is not. */
  skipTo(id: string): void {
    while (this.newest !== undefined && this.newest > id) this.take();
    if (this.newest === undefined && id < this.#to) this.#to = id;
  }

  async fill(): Promise<void> {
    while (this.newest === undefined && !this.#isRead) await this.#read();
  }

  async #read(): Promise<void> {
    const { client, table, patience } = this.#reading;
    // DynamoDB refuses bounds that are the wrong way round.
    if (this.#to < this.#partition.from) {
      this.#isRead = true;
      return;
    }
    const query = new QueryCommand({
      ...queryOf(table, { ...this.#partition, to: this.#to }),
      ScanIndexForward: false,
      Limit: this.#limit,
    });
    const { Items = [], LastEvaluatedKey } = await patiently(() => client.send(query), patience);
    this.#ids = Items.flatMap(idIn);
    this.#taken = 0;
    this.keys += this.#ids.length;
    this.#to = before(this.#ids.at(-1) ?? this.#partition.from);
    this.#isRead = LastEvaluatedKey === undefined;
    this.#limit = Math.min(this.#limit * 2, MOST_AT_ONCE);
  }
}

/** Whoever reads on reads more and more at once. */
const MOST_AT_ONCE = 1_000;

/** A text behind all ids that stand before this one. */
const before = (id: string) => `${id.slice(0, -1)}${String.fromCharCode(id.charCodeAt(id.length - 1) - 1)}~`;

/** More than its part, since chance gives one shard more than another. */
const limitOf = (wanted: number, shards: number) => Math.min(wanted, Math.ceil((wanted / shards) * 1.5) + 8);

/** Some ids. `end`: all down to this one have been looked at; absent when there are no more. */
export interface Taken {
  ids: string[];
  end: string | undefined;
}

/** Ids of runs, newest first, each once. */
export interface Ids {
  /** The next ones, up to so many; fewer where so many keys have been read for them that it is enough. */
  take(count: number, isEnough: (keys: number) => boolean): Promise<Taken>;
  /** Read so far. */
  readonly keys: number;
}

/** The ids that are known and those in all the partitions. `likely`: how many will be taken, as far as one knows. */
export class NewestFirst implements Ids {
  readonly #shards: Shard[];
  #known: string[];

  constructor(
    reading: Reading,
    { partitions, known }: { partitions: Partition[]; known: string[] },
    { likely, before: id }: { likely: number; before?: string | undefined },
  ) {
    const limit = limitOf(likely, partitions.length);
    const left = id === undefined ? partitions : partitions.flatMap((partition) => endingBefore(partition, id));
    this.#shards = left.map((partition) => new Shard(reading, partition, limit));
    this.#known = [...new Set(known)]
      .filter((one) => id === undefined || one < id)
      .toSorted()
      .toReversed();
  }

  /** The newest id, how far back a first look at all shards reaches (an id; nothing, when there is no more), and how many that were. */
  async look(): Promise<{ newest: string; reach: string; count: number }> {
    const newest = (await this.newest()) ?? '';
    const reach =
      this.#shards
        .map((shard) => shard.reach)
        .toSorted()
        .at(-1) ?? '';
    return { newest, reach, count: this.#shards.reduce((sum, { count }) => sum + count, this.#known.length) };
  }

  async take(count: number): Promise<Taken> {
    const ids: string[] = [];
    for (let id = await this.newest(); id !== undefined && ids.length < count; id = await this.newest()) {
      ids.push(id);
      this.drop(id);
    }
    return { ids, end: (await this.newest()) === undefined ? undefined : ids.at(-1) };
  }

  get keys(): number {
    return this.#shards.reduce((sum, { keys }) => sum + keys, 0);
  }

  async newest(): Promise<string | undefined> {
    const empty = this.#shards.filter(({ newest }) => newest === undefined);
    if (empty.length > 0) await Promise.all(empty.map((shard) => shard.fill()));
    return this.#shards.reduce<string | undefined>(
      (best, { newest }) => (newest !== undefined && (best === undefined || newest > best) ? newest : best),
      this.#known[0],
    );
  }

  drop(id: string): void {
    if (this.#known[0] === id) this.#known.shift();
    for (const shard of this.#shards) if (shard.newest === id) shard.take();
  }

  skipTo(id: string): void {
    this.#known = this.#known.filter((one) => one <= id);
    for (const shard of this.#shards) shard.skipTo(id);
  }
}

/** The ids that all of them have: each skips to what the others have next, and no row is read to see that it has not what is asked for. */
export class InAll implements Ids {
  readonly #all: NewestFirst[];

  constructor(all: NewestFirst[]) {
    this.#all = all;
  }

  async take(count: number, isEnough: (keys: number) => boolean): Promise<Taken> {
    const ids: string[] = [];
    let end: string | undefined;
    for (;;) {
      const heads: string[] = [];
      for (const head of await Promise.all(this.#all.map((one) => one.newest()))) {
        if (head === undefined) return { ids, end: undefined };
        heads.push(head);
      }
      if (ids.length === count || (end !== undefined && isEnough(this.keys))) return { ids, end };
      const next = oldest(heads);
      const newer = heads.filter((head) => head > next);
      if (newer.length === 0) ids.push(next);
      end = newer.length === 0 ? next : oldest(newer);
      for (const one of this.#all) newer.length === 0 ? one.drop(next) : one.skipTo(next);
    }
  }

  get keys(): number {
    return this.#all.reduce((sum, { keys }) => sum + keys, 0);
  }
}

const oldest = (ids: string[]) => ids.toSorted()[0] ?? '';

/** DynamoDB refuses bounds that are the wrong way round. */
function endingBefore(partition: Partition, id: string): Partition[] {
  const to = before(id);
  if (to >= partition.to) return [partition];
  return to < partition.from ? [] : [{ ...partition, to }];
}
