import { createHash } from 'node:crypto';
import {
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { conditionalWrite, wins } from '../aws/conditional-write.ts';
import { expiresIn, fromItem, type Item, toItem } from '../aws/items.ts';
import { patiently } from '../aws/patiently.ts';
import { shardOf } from '../aws/shards.ts';
import { arrivalOf, type Call, type Calls, callOf } from './calls.ts';
import { type Rate, spacingOf } from './limits.ts';

/** In so many parts those who wait are kept: a key takes 1,000 write units a second. */
const SHARDS = 4;
/** Whoever was called comes by then, or its place is free. */
const CALLED_MS = 60_000;
/** Longer than anybody waits without a sign of life. */
const KEPT_DAYS = 60;
/** Somebody else writes at the same moment. */
const MOST_TRIES = 20;

const pkOf = (connection: string) => `CALLS#${connection}`;
const runningKey = (connection: string) => ({ pk: pkOf(connection), sk: 'RUNNING' });
const rateKey = (connection: string, { count, per }: Rate) => ({ pk: pkOf(connection), sk: `RATE#${count}#${per}` });
const waitingPk = (connection: string, shard: number) => `${pkOf(connection)}#${shard}`;
const waitingKey = (connection: string, ticket: string) => ({
  pk: waitingPk(connection, shardOf(arrivalOf(ticket), SHARDS)),
  sk: ticket,
});

/** Short: the row of those who call is written with each call. */
const placeOf = ({ runId, stepKey }: Call) => createHash('sha256').update(`${runId} ${stepKey}`).digest('base64url').slice(0, 16);

const tickets = z
  .instanceof(Set)
  .transform((set) => z.array(z.string()).parse([...set]))
  .default([]);
/** By place, until when it is taken, in milliseconds since 1970. */
const runningRow = z.object({
  running: z.record(z.string(), z.number()).optional(),
  called: tickets,
  waiting: z.number().default(0),
});
const waitingRow = z.object({ sk: z.string(), limit: z.int() });
const rateRow = z.object({ nextMs: z.number() });

/**
 * How many call through a connection and how often, in the table of places. Who has a place stands in one row, with a time at which the place is free
 * whatever has become of them; who waits in a row each. When the next call may be made is one number.
 */
export class DynamoCalls implements Calls {
  readonly #client: () => DynamoDBClient;
  /** Its name, once it is asked for. */
  readonly #table: () => string;
  readonly #now: () => Date;

  constructor(client: () => DynamoDBClient, table: () => string, now: () => Date = () => new Date()) {
    this.#client = client;
    this.#table = table;
    this.#now = now;
  }

  async reserve(connection: string, rate: Rate): Promise<Date> {
    const { intervalMs, burst } = spacingOf(rate);
    const key = rateKey(connection, rate);
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const expires = expiresIn(KEPT_DAYS, this.#now());
      // What was not used for a while may be used at once, as much as is allowed.
      const floor = this.#now().getTime() - (burst - 1) * intervalMs;
      const behind = await this.#next(key, {
        UpdateExpression: 'SET nextMs = nextMs + :interval, expires = :expires',
        ConditionExpression: 'nextMs > :floor',
        ExpressionAttributeValues: toItem({ ':interval': intervalMs, ':floor': floor, ':expires': expires }),
      });
      const next =
        behind ??
        (await this.#next(key, {
          UpdateExpression: 'SET nextMs = :next, expires = :expires',
          ConditionExpression: 'attribute_not_exists(nextMs) OR nextMs <= :floor',
          ExpressionAttributeValues: toItem({ ':next': floor + intervalMs, ':floor': floor, ':expires': expires }),
        }));
      if (next !== undefined) return new Date(next - intervalMs);
    }
    throw new Error(`The rate of connection ${connection} changes faster than it can be read.`);
  }

  async enter(connection: string, call: Call, { limit, until }: { limit: number; until: Date }) {
    const place = placeOf(call);
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const update = new UpdateItemCommand({
        ...this.#row(runningKey(connection)),
        UpdateExpression: 'SET running.#place = :until, expires = :expires',
        ConditionExpression:
          'attribute_exists(running) AND (attribute_exists(running.#place) OR (size(running) < :limit AND (attribute_not_exists(waiting) OR waiting <= :none)))',
        ExpressionAttributeNames: { '#place': place },
        ExpressionAttributeValues: toItem({
          ':until': until.getTime(),
          ':limit': limit,
          ':none': 0,
          ':expires': expiresIn(KEPT_DAYS, this.#now()),
        }),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      const written = await conditionalWrite(() => this.#client().send(update));
      if (written.won) return { entered: true, before: 0 };
      const { running, waiting } = runningRow.parse(written.found[0] ? fromItem(written.found[0]) : {});
      if (!running) await this.#begin(connection);
      else if (!(await this.#freed(connection, running))) return { entered: false, before: waiting };
    }
    return { entered: false, before: 0 };
  }

  async wait(connection: string, ticket: string, limit: number): Promise<void> {
    const transaction = new TransactWriteItemsCommand({
      TransactItems: [
        {
          Put: {
            TableName: this.#table(),
            Item: toItem({ ...waitingKey(connection, ticket), limit, expires: expiresIn(KEPT_DAYS * 10, this.#now()) }),
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
        {
          Update: {
            ...this.#row(runningKey(connection)),
            UpdateExpression: 'ADD waiting :one',
            ExpressionAttributeValues: toItem({ ':one': 1 }),
          },
        },
      ],
    });
    await wins(() => this.#client().send(transaction));
  }

  async leave(connection: string, call: Call): Promise<void> {
    const update = new UpdateItemCommand({
      ...this.#row(runningKey(connection)),
      UpdateExpression: 'REMOVE running.#place',
      ConditionExpression: 'attribute_exists(running.#place)',
      ExpressionAttributeNames: { '#place': placeOf(call) },
    });
    await wins(() => this.#client().send(update));
  }

  async look(connection: string) {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const get = new GetItemCommand({ ...this.#row(runningKey(connection)), ConsistentRead: true });
      const { Item } = await patiently(() => this.#client().send(get));
      const { running = {}, called } = runningRow.parse(Item ? fromItem(Item) : {});
      if (!(await this.#freed(connection, running))) return { running: Object.keys(running), called };
    }
    return { running: [], called: [] };
  }

  async waiting(connection: string, most: number) {
    const parts = Array.from({ length: SHARDS }, async (_, shard) => {
      const query = new QueryCommand({
        TableName: this.#table(),
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: toItem({ ':pk': waitingPk(connection, shard) }),
        Limit: most,
      });
      const { Items = [] } = await patiently(() => this.#client().send(query));
      return Items.map((item) => waitingRow.parse(fromItem(item))).map(({ sk, limit }) => ({ id: sk, limit }));
    });
    return (await Promise.all(parts))
      .flat()
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, most);
  }

  async call(connection: string, { id: ticket, limit }: { id: string; limit: number }): Promise<boolean> {
    const transaction = new TransactWriteItemsCommand({
      TransactItems: [
        { Delete: { ...this.#row(waitingKey(connection, ticket)), ConditionExpression: 'attribute_exists(pk)' } },
        {
          Update: {
            ...this.#row(runningKey(connection)),
            UpdateExpression: 'SET running.#place = :until, expires = :expires ADD #called :tickets, waiting :less',
            ConditionExpression: 'attribute_exists(running) AND size(running) < :limit',
            ExpressionAttributeNames: { '#place': placeOf(callOf(ticket)), '#called': 'called' },
            ExpressionAttributeValues: {
              ':tickets': { SS: [ticket] },
              ...toItem({
                ':until': this.#now().getTime() + CALLED_MS,
                ':limit': limit,
                ':less': -1,
                ':expires': expiresIn(KEPT_DAYS, this.#now()),
              }),
            },
          },
        },
      ],
    });
    return wins(() => this.#client().send(transaction));
  }

  async heard(connection: string, ticket: string): Promise<void> {
    const update = new UpdateItemCommand({
      ...this.#row(runningKey(connection)),
      UpdateExpression: 'DELETE #called :tickets',
      ConditionExpression: 'contains(#called, :ticket)',
      ExpressionAttributeNames: { '#called': 'called' },
      ExpressionAttributeValues: { ':tickets': { SS: [ticket] }, ':ticket': { S: ticket } },
    });
    await wins(() => this.#client().send(update));
  }

  async #begin(connection: string): Promise<void> {
    const update = new UpdateItemCommand({
      ...this.#row(runningKey(connection)),
      UpdateExpression: 'SET running = :nobody',
      ConditionExpression: 'attribute_not_exists(running)',
      ExpressionAttributeValues: { ':nobody': { M: {} } },
    });
    await wins(() => this.#client().send(update));
  }

  /** Frees places whose time is over: whoever had them has died, or its run has ended. Whether there were any. */
  async #freed(connection: string, running: Record<string, number>): Promise<boolean> {
    const over = Object.entries(running).filter(([, untilMs]) => untilMs < this.#now().getTime());
    for (const [place, untilMs] of over) {
      const update = new UpdateItemCommand({
        ...this.#row(runningKey(connection)),
        UpdateExpression: 'REMOVE running.#place',
        ConditionExpression: 'running.#place = :until',
        ExpressionAttributeNames: { '#place': place },
        ExpressionAttributeValues: toItem({ ':until': untilMs }),
      });
      await wins(() => this.#client().send(update));
    }
    return over.length > 0;
  }

  /** What stands there after the update; undefined when its condition does not hold. */
  async #next(key: object, input: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>): Promise<number | undefined> {
    let next: number | undefined;
    const update = new UpdateItemCommand({ ...this.#row(key), ...input, ReturnValues: 'UPDATED_NEW' });
    await wins(async () => {
      const { Attributes = {} } = await this.#client().send(update);
      next = rateRow.parse(fromItem(Attributes)).nextMs;
    });
    return next;
  }

  #row(key: object): { TableName: string; Key: Item } {
    return { TableName: this.#table(), Key: toItem(key) };
  }
}
