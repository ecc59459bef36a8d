import { setTimeout } from 'node:timers/promises';
import {
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { ulid } from 'ulid';
import * as z from 'zod';
import { lineIds } from '../run/model/event.ts';
import type { Run } from '../run/model/run.ts';
import {
  type LogEntry,
  type LogLines,
  type PageOf,
  type RunFilter,
  type Runs,
  type Settlement,
  type StartKey,
  StepEnded,
} from '../run/ports.ts';
import type { StepRow } from '../run/step-row.ts';
import { expiresIn, fromItem, type Item, toItem } from './items.ts';
import { listRuns } from './list-runs.ts';
import {
  type Change,
  deferred,
  paused,
  pausing,
  resumed,
  resumingLater,
  running,
  settled,
  stopping,
  updateOf,
} from './run-changes.ts';
import {
  logKey,
  parseLog,
  parseRun,
  parseStep,
  runItem,
  runKey,
  runPk,
  startItemKey,
  stepItem,
  stepKey,
  stepSk,
} from './run-items.ts';

export interface RunsSettings {
  table: string;
  retentionDays: number;
}

const BATCH = 100;
const WRITE_BATCH = 25;
const NOT_ENDED = 'attribute_not_exists(pk) OR #status IN (:pending, :running, :waiting)';
const NOT_ENDED_VALUES = { ':pending': { S: 'pending' }, ':running': { S: 'running' }, ':waiting': { S: 'waiting' } };
const STATUS = { '#status': 'status' };
const START_KEY_DAYS = 30;
const MOST_TRIES = 5;

const startItem = z.object({ runId: z.string(), bodyHash: z.string() });

/** Runs in DynamoDB: one partition a run, one Query a list. */
export class DynamoRuns implements Runs {
  readonly #client: () => DynamoDBClient;
  readonly #settings: RunsSettings;
  readonly #now: () => Date;

  constructor(client: () => DynamoDBClient, settings: RunsSettings, now: () => Date = () => new Date()) {
    this.#client = client;
    this.#settings = settings;
    this.#now = now;
  }

  async create(run: Run, key?: StartKey) {
    const put = { ...this.#table(), Item: runItem(run, this.#expires()), ConditionExpression: 'attribute_not_exists(pk)' };
    if (!key) {
      await this.#client().send(new PutItemCommand(put));
      return {};
    }
    const promise = {
      ...startItemKey(key),
      runId: run.id,
      bodyHash: key.bodyHash,
      expires: expiresIn(START_KEY_DAYS, this.#now()),
    };
    const claim = { ...this.#table(), Item: toItem(promise), ConditionExpression: 'attribute_not_exists(pk)' };
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#client().send(new TransactWriteItemsCommand({ TransactItems: [{ Put: claim }, { Put: put }] }));
        return {};
      } catch (error) {
        if (!lostRace(error) && !inConflict(error)) throw error;
        const earlier = await this.startedUnder(key);
        if (earlier) return { earlier };
        // The other one of two at the same time may be about to be written, or to give up.
        if (lostRace(error) || tries === MOST_TRIES) throw error;
        await setTimeout(20 * tries);
      }
    }
  }

  async adopt(run: Run, rows: StepRow[]) {
    const lines = lineIds(rows.length, this.#now(), run.id);
    const items = rows.map((row, line) => stepItem(run.id, reusedRow(row, lines[line] ?? '', run.createdAt), this.#expires()));
    await Promise.all(chunksOf(items, WRITE_BATCH).map((batch) => this.#batchWrite(batch)));
  }

  async startedUnder(key: StartKey) {
    const item = await this.#get(startItemKey(key));
    return item && startItem.parse(fromItem(item));
  }

  async get(id: string) {
    const item = await this.#get(runKey(id));
    return item && parseRun(item);
  }

  async load(id: string, keys: string[]) {
    const items = await this.#batch([runKey(id), ...keys.slice(0, BATCH - 1).map((key) => stepKey(id, key))]);
    const run = items.find((item) => item['sk']?.S === 'RUN');
    const steps = byKey(items.filter((item) => item !== run).map(parseStep));
    for (const [key, row] of await this.stepsAt(id, keys.slice(BATCH - 1))) steps.set(key, row);
    return { run: run && parseRun(run), steps };
  }

  async stepsAt(id: string, keys: string[]) {
    const items = await Promise.all(chunksOf(keys, BATCH).map((batch) => this.#batch(batch.map((key) => stepKey(id, key)))));
    return byKey(items.flat().map(parseStep));
  }

  steps(id: string) {
    return this.stepsUnder(id, '');
  }

  async stepsUnder(id: string, prefix: string) {
    const rows: StepRow[] = [];
    let from: Item | undefined;
    do {
      const page = await this.#client().send(
        new QueryCommand({
          ...this.#table(),
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
          ExpressionAttributeValues: { ':pk': { S: runPk(id) }, ':sk': { S: stepSk(prefix) } },
          ExclusiveStartKey: from,
        }),
      );
      rows.push(...(page.Items ?? []).map(parseStep));
      from = page.LastEvaluatedKey;
    } while (from);
    return rows;
  }

  async putStep(runId: string, row: StepRow, lines?: LogLines, only?: { waitsFor: string }) {
    const put = {
      ...this.#table(),
      Item: stepItem(runId, row, this.#expires()),
      ConditionExpression: only ? '#status = :waiting AND child = :child' : NOT_ENDED,
      ExpressionAttributeNames: STATUS,
      ExpressionAttributeValues: only
        ? { ':waiting': NOT_ENDED_VALUES[':waiting'], ':child': { S: only.waitsFor } }
        : NOT_ENDED_VALUES,
    };
    const written = lines
      ? this.#client().send(new TransactWriteItemsCommand({ TransactItems: [{ Put: put }, this.#linesPut(runId, lines)] }))
      : this.#client().send(new PutItemCommand(put));
    await written.catch((error: unknown) => {
      throw lostRace(error) ? new StepEnded(row.key) : error;
    });
  }

  async takeFailure(runId: string, key: string, handler: number) {
    const update = new UpdateItemCommand({
      ...this.#table(),
      Key: toItem(stepKey(runId, key)),
      UpdateExpression: 'SET #handler = :handler',
      ConditionExpression: '#status = :failed AND attribute_not_exists(#handler)',
      ExpressionAttributeNames: { ...STATUS, '#handler': 'handler' },
      ExpressionAttributeValues: { ':handler': { N: String(handler) }, ':failed': { S: 'failed' } },
    });
    await this.#client().send(update).catch(unlessLost);
  }

  async append(runId: string, lines: LogLines) {
    const { Put } = this.#linesPut(runId, lines);
    await this.#client()
      .send(new PutItemCommand({ ...Put, ConditionExpression: 'attribute_not_exists(pk)' }))
      .catch(unlessLost);
  }

  markRunning(run: Run, at: string, dueAt: string) {
    return this.#change(run.id, running(run, at, dueAt));
  }

  requestStop(run: Run, stop: NonNullable<Run['stop']>, dueAt = stop.at) {
    return this.#change(run.id, stopping(run, stop, dueAt));
  }

  requestPause(run: Run, pause: NonNullable<Run['pause']>, dueAt: string) {
    return this.#change(run.id, pausing(pause, dueAt));
  }

  resumeWhenQuiet(run: Run, by: string) {
    return this.#change(run.id, resumingLater(by));
  }

  markPaused(run: Run) {
    return this.#change(run.id, paused(run));
  }

  markResumed(seen: Run, next: Run) {
    return this.#change(seen.id, resumed(seen, next));
  }

  settle(run: Run, settlement: Settlement) {
    return this.#change(run.id, settled(run, settlement));
  }

  async defer(run: Run, dueAt: string) {
    await this.#change(run.id, deferred(dueAt));
  }

  async due(now: string, limit: number) {
    const { Items = [] } = await this.#client().send(
      new QueryCommand({
        ...this.#table(),
        IndexName: 'by-due',
        KeyConditionExpression: 'dueKey = :due AND dueAt <= :now',
        ExpressionAttributeValues: { ':due': { S: 'due' }, ':now': { S: now } },
        Limit: limit,
      }),
    );
    return Items.flatMap((item) => item['pk']?.S?.slice(runPk('').length) ?? []);
  }

  async log(id: string, after: string | undefined, limit: number): Promise<{ entries: LogEntry[]; more: boolean }> {
    const { Items = [], LastEvaluatedKey } = await this.#client().send(
      new QueryCommand({
        ...this.#table(),
        IndexName: 'log',
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND logId > :after',
        ExpressionAttributeValues: { ':pk': { S: runPk(id) }, ':after': { S: after ?? '0' } },
        Limit: limit,
      }),
    );
    return { entries: Items.map(parseLog), more: LastEvaluatedKey !== undefined };
  }

  list(filter: RunFilter, page: PageOf) {
    return listRuns(this.#client(), this.#settings.table, filter, page);
  }

  #linesPut(runId: string, { name, events }: LogLines): TransactWriteItem & { Put: object } {
    const logId = events.at(-1)?.id ?? ulid();
    return {
      Put: { ...this.#table(), Item: toItem({ ...logKey(runId, name ?? logId), logId, events, expires: this.#expires() }) },
    };
  }

  /** False when its conditions do not hold any more. */
  async #change(id: string, change: Change): Promise<boolean> {
    const update = new UpdateItemCommand({ ...this.#table(), Key: toItem(runKey(id)), ...updateOf(change) });
    return this.#client()
      .send(update)
      .then(() => true, unlessLost);
  }

  async #get(key: object): Promise<Item | undefined> {
    const { Item } = await this.#client().send(new GetItemCommand({ ...this.#table(), Key: toItem(key), ConsistentRead: true }));
    return Item;
  }

  /** At most 100 keys; asks again for what a busy table left over. */
  async #batch(keys: object[]): Promise<Item[]> {
    const items: Item[] = [];
    let wanted: Item[] | undefined = keys.map(toItem);
    while (wanted && wanted.length > 0) {
      const { Responses, UnprocessedKeys }: BatchGetItemCommandOutput = await this.#client().send(
        new BatchGetItemCommand({ RequestItems: { [this.#settings.table]: { Keys: wanted, ConsistentRead: true } } }),
      );
      items.push(...(Responses?.[this.#settings.table] ?? []));
      wanted = UnprocessedKeys?.[this.#settings.table]?.Keys;
    }
    return items;
  }

  /** Asks again for what a busy table left over. */
  async #batchWrite(items: Item[]): Promise<void> {
    let left: WriteRequest[] = items.map((Item) => ({ PutRequest: { Item } }));
    while (left.length > 0) {
      const { UnprocessedItems } = await this.#client().send(
        new BatchWriteItemCommand({ RequestItems: { [this.#settings.table]: left } }),
      );
      left = UnprocessedItems?.[this.#settings.table] ?? [];
    }
  }

  #table() {
    return { TableName: this.#settings.table };
  }

  #expires() {
    return expiresIn(this.#settings.retentionDays, this.#now());
  }
}

const chunksOf = <T>(all: T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));

/** A row that was taken over says so in the log; one of a group that goes on does not. */
function reusedRow(row: StepRow, logId: string, time: string): StepRow {
  if (row.reused === undefined) return row;
  const said = {
    id: logId,
    time,
    type: row.status === 'failed' ? ('step_failed' as const) : ('step_completed' as const),
    step: row.id,
    scope: row.scope,
    message: `Taken over from run ${row.reused}.`,
    reused: row.reused,
  };
  return { ...row, logId, events: [said] };
}

const byKey = (rows: StepRow[]) => new Map(rows.map((row) => [row.key, row]));

const inConflict = (error: unknown) =>
  error instanceof TransactionCanceledException &&
  (error.CancellationReasons ?? []).some(({ Code }) => Code === 'TransactionConflict');

const lostRace = (error: unknown) =>
  error instanceof ConditionalCheckFailedException ||
  (error instanceof TransactionCanceledException &&
    (error.CancellationReasons ?? []).some(({ Code }) => Code === 'ConditionalCheckFailed'));

function unlessLost(error: unknown): false {
  if (lostRace(error)) return false;
  throw error;
}
