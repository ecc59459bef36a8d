import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { wins } from '../../aws/conditional-write.ts';
import { expiresIn, fromItem, type Item, toItem } from '../../aws/items.ts';
import { type Patience, patiently } from '../../aws/patiently.ts';
import { shardOf } from '../../aws/shards.ts';
import type { Run } from '../model/run.ts';
import { type Entered, MOST_BEFORE, type Places, TOLD_WITHIN_MS, type Waiting } from '../ports.ts';

/** In so many parts the runs that wait are kept: a key takes 1,000 write units a second. */
const SHARDS = 4;
/** Longer than any run lives. */
const KEPT_DAYS = 800;

const runningKey = (place: string) => ({ pk: `PLACE#${place}`, sk: 'RUNNING' });
const waitingPk = (place: string, shard: number) => `PLACE#${place}#${shard}`;
const waitingKey = (place: string, runId: string) => ({ pk: waitingPk(place, shardOf(runId, SHARDS)), sk: runId });

const ids = z
  .instanceof(Set)
  .transform((set) =>
    z
      .array(z.string())
      .parse([...set])
      .toSorted(),
  )
  .default([]);
const runningRow = z.looseObject({ running: ids });
/** The attribute that says when a run was called, until it has heard of it. */
const CALLED = 'called ';
const calledAt = (id: string) => CALLED + id;
const waitingRow = z.object({ sk: z.string(), limit: z.int() });

/** Room for one more, or its own: what was said once more is said once. */
const ROOM = 'attribute_not_exists(#running) OR size(#running) < :limit OR contains(#running, :run)';

/**
 * Who goes on and who waits, in DynamoDB. Those who go on stand in one row a place, those who wait in a row each, in the order of their ids, which is that
 * of their arrival. To be called is one transaction: no run is in both, and one that has left is in neither.
 */
export class DynamoPlaces implements Places {
  readonly #client: () => DynamoDBClient;
  /** Its name, once it is asked for: not everybody who works with runs does. */
  readonly #table: () => string;
  readonly #patience: Patience | undefined;
  readonly #now: () => Date;

  constructor(
    client: () => DynamoDBClient,
    { table, patience }: { table: () => string; patience?: Patience | undefined },
    now: () => Date = () => new Date(),
  ) {
    this.#client = client;
    this.#table = table;
    this.#patience = patience;
    this.#now = now;
  }

  /** What is written together with the row of a new run. */
  entering({ id, concurrency }: Run, as: Entered): TransactWriteItem[] {
    if (!concurrency) return [];
    const { place, limit } = concurrency;
    if (as === 'waiting') return [{ Put: { TableName: this.#table(), Item: toItem({ ...waitingKey(place, id), limit }) } }];
    return [{ Update: { ...this.#row(runningKey(place)), ...this.#goingOn(id, limit) } }];
  }

  async look(place: string) {
    const get = new GetItemCommand({ ...this.#row(runningKey(place)), ConsistentRead: true });
    const { Item } = await this.#patiently(() => this.#client().send(get));
    const { running, ...row } = runningRow.parse(Item ? fromItem(Item) : {});
    const before = this.#now().getTime() - TOLD_WITHIN_MS;
    return { running, called: running.filter((id) => Number(row[calledAt(id)] ?? Infinity) <= before) };
  }

  async waiting(place: string, limit: number): Promise<Waiting[]> {
    const shards = Array.from({ length: SHARDS }, (_, shard) => this.#waitingIn(place, shard, limit));
    return (await Promise.all(shards))
      .flat()
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  async call(place: string, { id, limit }: Waiting): Promise<boolean> {
    const transaction = new TransactWriteItemsCommand({
      TransactItems: [
        { Delete: { ...this.#row(waitingKey(place, id)), ConditionExpression: 'attribute_exists(pk)' } },
        { Update: { ...this.#row(runningKey(place)), ...this.#goingOn(id, limit, { isCalled: true }) } },
      ],
    });
    return this.#wins(() => this.#client().send(transaction));
  }

  async heard(place: string, id: string): Promise<void> {
    const update = new UpdateItemCommand({
      ...this.#row(runningKey(place)),
      UpdateExpression: 'REMOVE #called',
      ConditionExpression: 'attribute_exists(#called)',
      ExpressionAttributeNames: { '#called': calledAt(id) },
    });
    await this.#wins(() => this.#client().send(update));
  }

  async leave(place: string, id: string, { waited }: { waited: boolean }): Promise<void> {
    // First: once it does not wait any more nobody calls it.
    if (waited) {
      const gone = new DeleteItemCommand(this.#row(waitingKey(place, id)));
      await this.#patiently(() => this.#client().send(gone));
    }
    const update = new UpdateItemCommand({
      ...this.#row(runningKey(place)),
      UpdateExpression: 'DELETE #running :runs REMOVE #called',
      ConditionExpression: 'contains(#running, :run) OR attribute_exists(#called)',
      ExpressionAttributeNames: { '#running': 'running', '#called': calledAt(id) },
      ExpressionAttributeValues: { ':runs': { SS: [id] }, ':run': { S: id } },
    });
    await this.#wins(() => this.#client().send(update));
  }

  async before(place: string, id: string) {
    const counts = await Promise.all(
      Array.from({ length: SHARDS }, async (_, shard) => {
        const query = new QueryCommand({
          TableName: this.#table(),
          Select: 'COUNT',
          KeyConditionExpression: 'pk = :pk AND sk < :run',
          ExpressionAttributeValues: toItem({ ':pk': waitingPk(place, shard), ':run': id }),
          Limit: MOST_BEFORE + 1,
        });
        return (await this.#patiently(() => this.#client().send(query))).Count ?? 0;
      }),
    );
    const count = counts.reduce((sum, one) => sum + one, 0);
    return { count: Math.min(count, MOST_BEFORE), exact: count <= MOST_BEFORE };
  }

  async #waitingIn(place: string, shard: number, limit: number): Promise<Waiting[]> {
    const query = new QueryCommand({
      TableName: this.#table(),
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: toItem({ ':pk': waitingPk(place, shard) }),
      Limit: limit,
    });
    const { Items = [] } = await this.#patiently(() => this.#client().send(query));
    return Items.map((item) => waitingRow.parse(fromItem(item))).map(({ sk, limit: own }) => ({ id: sk, limit: own }));
  }

  /** Adds a run to those who go on, if there is room for it. */
  #goingOn(id: string, limit: number, { isCalled = false } = {}) {
    const now = this.#now();
    return {
      UpdateExpression: `ADD #running :runs SET expires = :expires${isCalled ? ', #called = :now' : ''}`,
      ConditionExpression: ROOM,
      ExpressionAttributeNames: { '#running': 'running', ...(isCalled && { '#called': calledAt(id) }) },
      ExpressionAttributeValues: {
        ':runs': { SS: [id] },
        ...toItem({
          ':run': id,
          ':limit': limit,
          ':expires': expiresIn(KEPT_DAYS, now),
          ...(isCalled && { ':now': now.getTime() }),
        }),
      },
    };
  }

  #row(key: object): { TableName: string; Key: Item } {
    return { TableName: this.#table(), Key: toItem(key) };
  }

  #wins(send: () => Promise<unknown>): Promise<boolean> {
    return wins(send, this.#patience);
  }

  #patiently<T>(call: () => Promise<T>): Promise<T> {
    return patiently(call, this.#patience);
  }
}
