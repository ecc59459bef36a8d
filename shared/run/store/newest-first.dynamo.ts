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
  #from: Item | undefined;
  #isRead = false;

  constructor(reading: Reading, partition: Partition, limit: number) {
    this.#reading = reading;
    this.#partition = partition;
    this.#limit = limit;
  }

  /** The newest that was not taken, once there is one or none is left. */
  get newest(): string | undefined {
    return this.#ids[0];
  }

  /** The last one that was read, when there are more behind it. */
  get reach(): string {
    return this.#isRead ? '' : (this.#ids.at(-1) ?? '');
  }

  get count(): number {
    return this.#ids.length;
  }

  take(): void {
    this.#ids.shift();
  }

  async fill(): Promise<void> {
    while (this.#ids.length === 0 && !this.#isRead) await this.#read();
  }

  async #read(): Promise<void> {
    const { client, table, patience } = this.#reading;
    const query = new QueryCommand({
      ...queryOf(table, this.#partition),
      ScanIndexForward: false,
      Limit: this.#limit,
      ExclusiveStartKey: this.#from,
    });
    const { Items = [], LastEvaluatedKey } = await patiently(() => client.send(query), patience);
    this.#ids = Items.flatMap(idIn);
    this.#from = LastEvaluatedKey;
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

/** The ids that are known and those in all the partitions, newest first, each once. `likely`: how many will be taken, as far as one knows. */
export class NewestFirst {
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

  /** How far back a first look at all shards reaches (an id; nothing, when there is no more), and how many that were. */
  async look(): Promise<{ reach: string; count: number }> {
    await this.#newest();
    const reach =
      this.#shards
        .map((shard) => shard.reach)
        .toSorted()
        .at(-1) ?? '';
    return { reach, count: this.#shards.reduce((sum, { count }) => sum + count, this.#known.length) };
  }

  async take(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let id = await this.#newest(); id !== undefined; id = await this.#newest()) {
      if (ids.length === count) break;
      ids.push(id);
      if (this.#known[0] === id) this.#known.shift();
      for (const shard of this.#shards) if (shard.newest === id) shard.take();
    }
    return ids;
  }

  async isExhausted(): Promise<boolean> {
    return (await this.#newest()) === undefined;
  }

  async #newest(): Promise<string | undefined> {
    const empty = this.#shards.filter(({ newest }) => newest === undefined);
    if (empty.length > 0) await Promise.all(empty.map((shard) => shard.fill()));
    return this.#shards.reduce<string | undefined>(
      (best, { newest }) => (newest !== undefined && (best === undefined || newest > best) ? newest : best),
      this.#known[0],
    );
  }
}

/** DynamoDB refuses bounds that are the wrong way round. */
function endingBefore(partition: Partition, id: string): Partition[] {
  const to = before(id);
  if (to >= partition.to) return [partition];
  return to < partition.from ? [] : [{ ...partition, to }];
}
