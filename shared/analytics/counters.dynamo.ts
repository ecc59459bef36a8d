import {
  type DynamoDBClient,
  QueryCommand,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { conditionalWrite, wins } from '../aws/conditional-write.ts';
import { type Item, toItem } from '../aws/items.ts';
import { patiently } from '../aws/patiently.ts';
import { getItems } from '../aws/rows.ts';
import { type Addition, additionsOf, batchesOf, once } from './batches.ts';
import { contribution as contributionSchema } from './contribution.ts';
import {
  addition,
  countedAs,
  countedItem,
  countedKey,
  dayKey,
  parseRow,
  prefixOf,
  SLOTS,
  sightings,
} from './counter-items.dynamo.ts';
import { difference } from './counter-rows.ts';
import type { Countable, CounterQuery, Counters, ReadRow, ReadRows } from './counters.ts';
import { daysBetween } from './hours.ts';

type Write = NonNullable<TransactWriteItemsCommandInput['TransactItems']>[number];

/** Days whose rows are read side by side. */
const DAYS_AT_ONCE = 4;
/** Whoever asks for more hears how far was read. */
const MOST_ROWS = 20_000;

/**
 * Counters in DynamoDB. That a run is counted, and what that adds, is one transaction: a run that comes again finds that it has been counted. What many runs add to
 * a row is one write.
 */
export class DynamoCounters implements Counters {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;
  /** Others who write the same rows at the same moment are evaded. */
  #slot = 0;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async count(runs: Countable[]): Promise<number> {
    let counted = 0;
    for (const batch of batchesOf(once(runs))) {
      await this.#tell(batch);
      counted += await this.#countBatch(batch);
    }
    return counted;
  }

  async correct(given: Countable[]): Promise<{ counted: number; corrected: number }> {
    const runs = once(given);
    const before = await this.#countedAs(runs);
    const isNew = ({ contribution }: Countable) => !before.has(contribution.runId);
    const counted = await this.count(runs.filter(isNew));
    let corrected = 0;
    for (const run of runs.filter((one) => !isNew(one))) {
      const was = before.get(run.contribution.runId);
      if (was !== undefined && (await this.#correctOne(was, run))) corrected += 1;
    }
    return { counted, corrected };
  }

  async read(query: CounterQuery): Promise<ReadRows> {
    const rows: ReadRow[] = [];
    const days = daysBetween(query.from, query.to).toReversed();
    for (let at = 0; at < days.length; at += DAYS_AT_ONCE) {
      const some = days.slice(at, at + DAYS_AT_ONCE);
      const found = await Promise.all(some.map((day) => this.#readDay(query, day)));
      rows.push(...found.flat().filter(({ name }) => name.hour >= query.from && name.hour <= query.to));
      if (rows.length > MOST_ROWS && at + DAYS_AT_ONCE < days.length) return { rows, searchedTo: `${some.at(-1)}T00` };
    }
    return { rows };
  }

  /** What is said of failures comes first: whoever dies in between leaves nothing that is counted and unknown. */
  async #tell(batch: Countable[]): Promise<void> {
    for (const update of batch.flatMap(({ contribution }) => sightings(contribution))) {
      await wins(() => this.#client().send(new UpdateItemCommand({ TableName: this.#table, ...update })));
    }
  }

  /** Leaves out what turns out to be counted, until the rest has been counted together. */
  async #countBatch(batch: Countable[]): Promise<number> {
    for (let left = batch; left.length > 0; ) {
      const written = await this.#transact(
        left.map((run) => this.#asCounted(run)),
        additionsOf(left),
      );
      if (written.won) return left.length;
      const rest = left.filter((_, at) => written.found[at] === undefined);
      if (rest.length === left.length) throw new Error('A transaction was refused, and nothing says why.');
      left = rest;
    }
    return 0;
  }

  async #correctOne(was: string, run: Countable): Promise<boolean> {
    const before = contributionSchema.parse(JSON.parse(was));
    const rows = difference(before, run.contribution);
    if (rows.length === 0) return false;
    await this.#tell([run]);
    const additions = rows.map((row) => ({ workspace: run.contribution.workspace, row }));
    return (await this.#transact([this.#asCounted(run, was)], additions)).won;
  }

  #transact(counted: Write[], additions: Addition[]) {
    let tries = 0;
    return conditionalWrite(() => {
      if (tries > 0) this.#slot = Math.floor(Math.random() * SLOTS);
      tries += 1;
      const updates = additions.map(({ workspace, row }) => ({
        Update: { TableName: this.#table, ...addition(workspace, row, this.#slot) },
      }));
      return this.#client().send(new TransactWriteItemsCommand({ TransactItems: [...counted, ...updates] }));
    });
  }

  #asCounted({ contribution, keptUntil }: Countable, was?: string): Write {
    const condition =
      was === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : { ConditionExpression: 'contribution = :was', ExpressionAttributeValues: toItem({ ':was': was }) };
    const Item = countedItem(contribution, keptUntil);
    return { Put: { TableName: this.#table, Item, ReturnValuesOnConditionCheckFailure: 'ALL_OLD', ...condition } };
  }

  /** What runs have been counted as, word for word. */
  async #countedAs(runs: Countable[]): Promise<Map<string, string>> {
    const keys = runs.map(({ contribution }) => toItem(countedKey(contribution.runId)));
    const items = await getItems(this.#client(), this.#table, keys);
    return new Map(items.map(countedAs));
  }

  async #readDay(query: CounterQuery, day: string): Promise<ReadRow[]> {
    const slots = Array.from({ length: SLOTS }, (_, slot) => this.#readSlot(query, dayKey(query.workspace, day, slot)));
    return (await Promise.all(slots)).flat();
  }

  async #readSlot(query: CounterQuery, pk: string): Promise<ReadRow[]> {
    const rows: ReadRow[] = [];
    let ExclusiveStartKey: Item | undefined;
    do {
      const command = new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: toItem({ ':pk': pk, ':prefix': prefixOf(query) }),
        ExclusiveStartKey,
      });
      const page = await patiently(() => this.#client().send(command));
      rows.push(...(page.Items ?? []).map(parseRow));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey && rows.length <= MOST_ROWS);
    return rows;
  }
}
