import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import { conditionalWrite } from '../aws/conditional-write.ts';
import { fromItem, fromText, type Item, toItem } from '../aws/items.ts';
import { patiently } from '../aws/patiently.ts';
import {
  type Connection,
  credential,
  FEED,
  type FeedSubscription,
  type Listeners,
  type RunSubscription,
  runTopic,
} from './live.ts';

/** API Gateway ends a connection after two hours. */
const KEPT_MS = 2.5 * 3_600_000;
/** The subscribers of one feed stand in so many partitions, so that none is hot. */
const FEED_SHARDS = 4;
/** So long a teller may not know of a new subscriber to a feed, nor that there is anybody at all. */
const KNOWN_MS = 250;
/** When somebody listens this is said again so often. */
const SAID_EVERY_MS = 600_000;

const caller = z.object({ workspace: z.string(), project: z.string().optional() });
const connectionRow = z.object({ pk: z.string(), caller, credential, topics: z.set(z.string()).default(new Set()) });
const runRow = z.object({
  pk: z.string(),
  sk: z.string(),
  credential,
  cursor: z.number(),
  catchingUpUntil: z.string().optional(),
});
const feedRow = z.object({ sk: z.object({ S: z.string() }), asked: z.object({ S: z.string() }) });
const asked = fromText.pipe(z.object({ caller, credential, filter: z.record(z.string(), z.unknown()) }));
type Asked = z.infer<typeof asked>;

const connectionKey = (id: string) => ({ pk: `CONNECTION#${id}`, sk: 'CONNECTION' });
const runPk = (runId: string) => `RUN#${runId}`;
const runKey = (runId: string, connectionId: string) => ({ pk: runPk(runId), sk: connectionId });
const feedPk = (workspace: string, shard: number) => `FEED#${workspace}#${shard}`;
const feedKey = (workspace: string, connectionId: string) => ({
  pk: feedPk(workspace, shardOf(connectionId)),
  sk: connectionId,
});
const GATE = { pk: 'LISTENED', sk: 'LISTENED' };

const shardOf = (id: string) => [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_521, 7) % FEED_SHARDS;

/** Who listens, in a table of its own: rows that live for hours. */
export class DynamoListeners implements Listeners {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;
  readonly #now: () => Date;
  readonly #asked = new LRUCache<string, Asked>({ max: 1000 });
  readonly #known = new LRUCache<string, object>({ max: 1000, ttl: KNOWN_MS });

  constructor(client: () => DynamoDBClient, table: string, now: () => Date = () => new Date()) {
    this.#client = client;
    this.#table = table;
    this.#now = now;
  }

  async areThere(): Promise<boolean> {
    return (await this.#listenedUntil()) > this.#now().toISOString();
  }

  async connect({ id, caller, credential }: Omit<Connection, 'topics'>): Promise<void> {
    await this.#put({ ...connectionKey(id), caller, credential });
  }

  async connection(id: string): Promise<Connection | undefined> {
    const item = await this.#get(connectionKey(id));
    if (!item) return undefined;
    const { caller, credential, topics } = connectionRow.parse(fromItem(item));
    return { id, caller, credential, topics: [...topics] };
  }

  async disconnect(id: string): Promise<void> {
    const connection = await this.connection(id);
    if (!connection) return;
    await Promise.all(connection.topics.map((topic) => this.#delete(this.#keyOf(connection, topic))));
    await this.#delete(connectionKey(id));
  }

  async subscribeToRun(connection: Connection, { runId, ...subscription }: RunSubscription): Promise<void> {
    await this.#noted(connection, runTopic(runId));
    await this.#put({ ...runKey(runId, connection.id), ...subscription });
    if (!(await this.#isListenedTo())) await this.#listened();
  }

  async subscribeToFeed(connection: Connection, filter: Record<string, unknown>): Promise<void> {
    const { caller, credential, id } = connection;
    await this.#noted(connection, FEED);
    await this.#put({ ...feedKey(caller.workspace, id), asked: JSON.stringify({ caller, credential, filter }) });
    if (!(await this.#isListenedTo())) await this.#listened();
    // Tellers that have looked a moment ago will have looked again.
    else await pause(KNOWN_MS);
  }

  async unsubscribe(connection: Connection, topic: string): Promise<void> {
    await this.#delete(this.#keyOf(connection, topic));
    await this.#update(connectionKey(connection.id), {
      UpdateExpression: 'DELETE topics :topic',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':topic': { SS: [topic] } },
    });
  }

  async ofRun(runId: string): Promise<RunSubscription[]> {
    return (await this.#query(runPk(runId), true)).map(runSubscriptionOf);
  }

  async runSubscription(runId: string, connectionId: string): Promise<RunSubscription | undefined> {
    const item = await this.#get(runKey(runId, connectionId));
    return item && runSubscriptionOf(item);
  }

  async ofFeed(workspace: string): Promise<FeedSubscription[]> {
    return this.#remembered(`feed ${workspace}`, async () => {
      const shards = Array.from({ length: FEED_SHARDS }, (_, shard) => this.#query(feedPk(workspace, shard), false));
      return (await Promise.all(shards)).flat().map((item) => {
        const { sk, asked } = feedRow.parse(item);
        return { connectionId: sk.S, asked: this.#askedFor(asked.S) };
      });
    });
  }

  claim({ runId, connectionId, cursor: seen, catchingUpUntil }: RunSubscription, cursor: number): Promise<boolean> {
    return this.#update(runKey(runId, connectionId), {
      UpdateExpression: 'SET #cursor = :cursor REMOVE catchingUpUntil, journalTo',
      ConditionExpression: `#cursor = :seen AND ${catchingUpUntil === undefined ? 'attribute_not_exists(catchingUpUntil)' : 'catchingUpUntil = :until'}`,
      ExpressionAttributeNames: { '#cursor': 'cursor' },
      ExpressionAttributeValues: toItem({ ':cursor': cursor, ':seen': seen, ':until': catchingUpUntil }),
    });
  }

  extend({ runId, connectionId, catchingUpUntil }: RunSubscription, to: number): Promise<boolean> {
    return this.#update(runKey(runId, connectionId), {
      UpdateExpression: 'SET journalTo = :to',
      ConditionExpression: 'catchingUpUntil = :until',
      ExpressionAttributeValues: toItem({ ':to': to, ':until': catchingUpUntil }),
    });
  }

  async caughtUpTo({ runId, connectionId, catchingUpUntil }: RunSubscription, cursor: number): Promise<void> {
    await this.#update(runKey(runId, connectionId), {
      UpdateExpression: 'SET #cursor = :cursor',
      ConditionExpression: 'catchingUpUntil = :until',
      ExpressionAttributeNames: { '#cursor': 'cursor' },
      ExpressionAttributeValues: toItem({ ':cursor': cursor, ':until': catchingUpUntil }),
    });
  }

  async handOver({ runId, connectionId, catchingUpUntil }: RunSubscription, cursor: number): Promise<boolean> {
    const key = runKey(runId, connectionId);
    const done = await this.#update(key, {
      UpdateExpression: 'REMOVE catchingUpUntil, journalTo',
      ConditionExpression: 'catchingUpUntil = :until AND (attribute_not_exists(journalTo) OR journalTo <= :cursor)',
      ExpressionAttributeValues: toItem({ ':cursor': cursor, ':until': catchingUpUntil }),
    });
    // Gone, or taken over by others: nothing is left to do here.
    return done || (await this.runSubscription(runId, connectionId))?.catchingUpUntil !== catchingUpUntil;
  }

  /** Hundreds ask for the same: it is understood once. */
  #askedFor(text: string): Asked {
    const found = this.#asked.get(text) ?? asked.parse(text);
    this.#asked.set(text, found);
    return found;
  }

  #keyOf({ id, caller }: Connection, topic: string) {
    return topic === FEED ? feedKey(caller.workspace, id) : runKey(topic.slice(runTopic('').length), id);
  }

  async #noted({ id }: Connection, topic: string): Promise<void> {
    await this.#update(connectionKey(id), {
      UpdateExpression: 'ADD topics :topic',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':topic': { SS: [topic] } },
    });
  }

  async #isListenedTo(): Promise<boolean> {
    const soon = new Date(this.#now().getTime() + KEPT_MS - SAID_EVERY_MS).toISOString();
    return (await this.#listenedUntil()) > soon;
  }

  /** Says that somebody listens, and waits until every teller has looked. */
  async #listened(): Promise<void> {
    await this.#put({ ...GATE, until: new Date(this.#now().getTime() + KEPT_MS).toISOString() });
    this.#known.clear();
    await pause(KNOWN_MS);
  }

  async #listenedUntil(): Promise<string> {
    const { until } = await this.#remembered('listened', async () => {
      const item = await this.#get(GATE);
      return { until: item?.['until']?.S ?? '' };
    });
    return until;
  }

  async #remembered<T extends object>(name: string, read: () => Promise<T>): Promise<T> {
    const known = this.#known.get(name);
    if (known) return known as T;
    const found = await read();
    this.#known.set(name, found);
    return found;
  }

  async #put(row: object): Promise<void> {
    const expires = Math.floor((this.#now().getTime() + KEPT_MS) / 1000);
    const put = new PutItemCommand({ TableName: this.#table, Item: toItem({ ...row, expires }) });
    await patiently(() => this.#client().send(put));
  }

  async #delete(key: object): Promise<void> {
    await patiently(() => this.#client().send(new DeleteItemCommand({ TableName: this.#table, Key: toItem(key) })));
  }

  async #get(key: object): Promise<Item | undefined> {
    const get = new GetItemCommand({ TableName: this.#table, Key: toItem(key), ConsistentRead: true });
    return (await patiently(() => this.#client().send(get))).Item;
  }

  async #update(key: object, update: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>): Promise<boolean> {
    const command = new UpdateItemCommand({ TableName: this.#table, Key: toItem(key), ...update });
    return (await conditionalWrite(() => this.#client().send(command))).won;
  }

  async #query(pk: string, ConsistentRead: boolean): Promise<Item[]> {
    const items: Item[] = [];
    let ExclusiveStartKey: Item | undefined;
    do {
      const query = new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: pk } },
        ConsistentRead,
        ExclusiveStartKey,
      });
      const page = await patiently(() => this.#client().send(query));
      items.push(...(page.Items ?? []));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return items;
  }
}

function runSubscriptionOf(item: Item): RunSubscription {
  const { pk, sk, ...row } = runRow.parse(fromItem(item));
  return { ...row, runId: pk.slice(runPk('').length), connectionId: sk };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
