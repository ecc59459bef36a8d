import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../aws/items.ts';
import { type Patience, patiently } from '../../aws/patiently.ts';
import { runIdOf, runPk } from './run-items.dynamo.ts';

/** One partition of an index over the ids of runs, within bounds that belong to them. */
export interface Partition {
  index: string;
  attribute: string;
  value: string;
  from: string;
  to: string;
}

export interface Reading {
  client: DynamoDBClient;
  table: string;
  patience?: Patience | undefined;
}

/** The ids of one partition, newest first, some at a time. */
class Shard {
  readonly #reading: Reading;
  readonly #partition: Partition;
  readonly #limit: number;
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

  take(): void {
    this.#ids.shift();
  }

  async fill(): Promise<void> {
    while (this.#ids.length === 0 && !this.#isRead) await this.#read();
  }

  async #read(): Promise<void> {
    const { client, table, patience } = this.#reading;
    const { index, attribute, value, from, to } = this.#partition;
    const query = new QueryCommand({
      TableName: table,
      IndexName: index,
      KeyConditionExpression: '#key = :key AND pk BETWEEN :from AND :to',
      ExpressionAttributeNames: { '#key': attribute },
      ExpressionAttributeValues: { ':key': { S: value }, ':from': { S: runPk(from) }, ':to': { S: runPk(to) } },
      ScanIndexForward: false,
      Limit: this.#limit,
      ExclusiveStartKey: this.#from,
    });
    const { Items = [], LastEvaluatedKey } = await patiently(() => client.send(query), patience);
    this.#ids = Items.flatMap(({ pk }) => (pk?.S === undefined ? [] : runIdOf(pk.S)));
    this.#from = LastEvaluatedKey;
    this.#isRead = LastEvaluatedKey === undefined;
  }
}

/** More than its part, since chance gives one shard more than another. */
const limitOf = (wanted: number, shards: number) => Math.min(wanted, Math.ceil((wanted / shards) * 1.5) + 8);

/** The ids in all the partitions, newest first, each once. `wanted`: how many are likely to be taken. */
export class NewestFirst {
  readonly #shards: Shard[];

  constructor(reading: Reading, partitions: Partition[], wanted: number) {
    const limit = limitOf(wanted, partitions.length);
    this.#shards = partitions.map((partition) => new Shard(reading, partition, limit));
  }

  async take(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let id = await this.#newest(); id !== undefined; id = await this.#newest()) {
      if (ids.length === count) break;
      ids.push(id);
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
      undefined,
    );
  }
}
