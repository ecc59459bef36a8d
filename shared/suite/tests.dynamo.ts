import { gunzipSync, gzipSync } from 'node:zlib';
import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { wins } from '../aws/conditional-write.ts';
import { expiresIn, fromItem, type Item, toItem } from '../aws/items.ts';
import { type Change, noted } from '../aws/noted.ts';
import { pageOfPartition } from '../aws/partition.ts';
import { patiently } from '../aws/patiently.ts';
import { getRow, primaryKey } from '../aws/rows.ts';
import { parseJson } from '../kernel/json.ts';
import type { Page, PageOf } from '../kernel/page.ts';
import { Problem } from '../kernel/problem.ts';
import { type Recording, type Recordings, recording } from '../run/recorded.ts';
import {
  type CaseResult,
  caseResult,
  digestOf,
  type Expectation,
  expectation,
  type Kept,
  MOST_TESTS,
  type SuiteKey,
  type SuiteRun,
  suiteRun,
  type TestCase,
  type Tests,
  testCase,
  worstOf,
} from './test-case.ts';

const listPk = (workflowId: string) => `WORKFLOW#${workflowId}`;
const testKey = ({ workflowId, id }: Pick<TestCase, 'workflowId' | 'id'>) => ({ pk: listPk(workflowId), sk: `TEST#${id}` });
/** Counts the tests of a workflow, so that two who add one at a time add no more than there may be. */
const countKey = (workflowId: string) => ({ pk: listPk(workflowId), sk: 'TESTS' });
const RUNS = 'RUN#';
const runKey = (workflowId: string, id: string) => ({ pk: listPk(workflowId), sk: RUNS + id });
const keyKey = (workflowId: string, { hash }: SuiteKey) => ({ pk: listPk(workflowId), sk: `KEY#${hash}` });
const keptPk = (id: string) => `TEST#${id}`;
const resultsPk = (id: string) => `RESULTS#${id}`;

const KEY_DAYS = 30;

/** A row has 400 KB. */
const PART_BYTES = 350_000;
/** Packed. A case that keeps more is none that anybody waits for. */
const MOST_PARTS = 30;

const part = z.object({ sk: z.string(), bytes: z.instanceof(Uint8Array) });
const keyRow = z.object({ runId: z.string(), bodyHash: z.string() });

/** Tests in a table of their own: they keep what they need of their runs, whose values go with them. */
export class DynamoTests implements Tests, Recordings {
  readonly #client: () => DynamoDBClient;
  readonly #settings: { table: string; retentionDays: number };

  constructor(client: () => DynamoDBClient, settings: { table: string; retentionDays: number }) {
    this.#client = client;
    this.#settings = settings;
  }

  async add(test: TestCase, { inputs, recording, expected }: Kept): Promise<boolean> {
    await this.#keep(keptPk(test.id), 'inputs', inputs);
    await this.#keep(keptPk(test.id), 'calls', recording);
    await this.#keep(keptPk(test.id), expectedOf(test.baseline), expected);
    const { table: TableName } = this.#settings;
    const Put = {
      TableName,
      Item: toItem({ ...testKey(test), ...test }),
      ConditionExpression: 'attribute_not_exists(pk)',
    };
    const Update = {
      TableName,
      Key: toItem(countKey(test.workflowId)),
      UpdateExpression: 'ADD tests :one',
      ConditionExpression: 'attribute_not_exists(tests) OR tests < :most',
      ExpressionAttributeValues: toItem({ ':one': 1, ':most': MOST_TESTS }),
    };
    const write = noted(new TransactWriteItemsCommand({ TransactItems: [{ Put }, { Update }] }), noteOf(undefined, test));
    if (await wins(() => this.#client().send(write))) return true;
    // The answer may have been lost.
    if (await this.get(test.workflowId, test.id)) return true;
    await this.#forget(keptPk(test.id));
    return false;
  }

  async get(workflowId: string, id: string): Promise<TestCase | undefined> {
    const row = await getRow(this.#client(), this.#settings.table, testKey({ workflowId, id }));
    return row && testCase.parse(row);
  }

  async list(workflowId: string): Promise<TestCase[]> {
    return (await this.#rows(listPk(workflowId), 'TEST#')).map((item) => testCase.parse(fromItem(item)));
  }

  async inputsOf(id: string): Promise<Record<string, unknown>> {
    return z.record(z.string(), z.unknown()).parse(await this.#kept(keptPk(id), 'inputs'));
  }

  async expectedOf(test: TestCase): Promise<Expectation> {
    return expectation.parse(await this.#kept(keptPk(test.id), expectedOf(test.baseline)));
  }

  async recordingOf(id: string): Promise<Recording | undefined> {
    const kept = await this.#kept(keptPk(id), 'calls');
    return kept === undefined ? undefined : recording.parse(kept);
  }

  async accept(test: TestCase, runId: string, expected: Expectation): Promise<boolean> {
    await this.#keep(keptPk(test.id), expectedOf(runId), expected);
    const update = new UpdateItemCommand({
      TableName: this.#settings.table,
      Key: toItem(testKey(test)),
      UpdateExpression: 'SET baseline = :run',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: toItem({ ':run': runId }),
    });
    const write = noted(update, noteOf(test, { ...test, baseline: runId }));
    return wins(() => this.#client().send(write));
  }

  async change(seen: TestCase, next: TestCase): Promise<boolean> {
    const { name, compare, ignore } = next;
    const update = new UpdateItemCommand({
      TableName: this.#settings.table,
      Key: toItem(testKey(next)),
      UpdateExpression: 'SET #name = :name, #compare = :compare, #ignore = :ignore',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: { '#name': 'name', '#compare': 'compare', '#ignore': 'ignore' },
      ExpressionAttributeValues: toItem({ ':name': name, ':compare': compare, ':ignore': ignore }),
    });
    const write = noted(update, noteOf(seen, next));
    return wins(() => this.#client().send(write));
  }

  /** The case last: what is interrupted can be done again. */
  async remove(test: TestCase): Promise<void> {
    await this.#forget(keptPk(test.id));
    const { table: TableName } = this.#settings;
    const Delete = { TableName, Key: toItem(testKey(test)), ConditionExpression: 'attribute_exists(pk)' };
    const Update = {
      TableName,
      Key: toItem(countKey(test.workflowId)),
      UpdateExpression: 'ADD tests :one',
      ExpressionAttributeValues: toItem({ ':one': -1 }),
    };
    const write = noted(new TransactWriteItemsCommand({ TransactItems: [{ Delete }, { Update }] }), noteOf(test, undefined));
    await wins(() => this.#client().send(write));
  }

  async addRun(run: SuiteRun, key?: SuiteKey) {
    const { table: TableName, retentionDays } = this.#settings;
    const fresh = { TableName, ConditionExpression: 'attribute_not_exists(pk)' };
    const created = new Date(run.createdAt);
    const Item = toItem({ ...runKey(run.workflowId, run.id), ...run, expires: expiresIn(retentionDays, created) });
    const promise = key && {
      ...keyKey(run.workflowId, key),
      runId: run.id,
      bodyHash: key.bodyHash,
      expires: expiresIn(KEY_DAYS, created),
    };
    const puts = [{ Put: { ...fresh, Item } }, ...(promise ? [{ Put: { ...fresh, Item: toItem(promise) } }] : [])];
    const write = new TransactWriteItemsCommand({ TransactItems: puts });
    if ((await wins(() => this.#client().send(write))) || !key) return {};
    const earlier = await this.runUnder(run.workflowId, key);
    // The answer may have been lost: then it is its own.
    return earlier === undefined || earlier.runId === run.id ? {} : { earlier };
  }

  async runUnder(workflowId: string, key: SuiteKey) {
    const found = await getRow(this.#client(), this.#settings.table, keyKey(workflowId, key));
    return found && keyRow.parse(found);
  }

  async run(workflowId: string, id: string): Promise<SuiteRun | undefined> {
    const row = await getRow(this.#client(), this.#settings.table, runKey(workflowId, id));
    return row && suiteRun.parse(row);
  }

  runs(workflowId: string, page: PageOf): Promise<Page<SuiteRun>> {
    const partition = { client: this.#client(), table: this.#settings.table, pk: listPk(workflowId), prefix: RUNS };
    return pageOfPartition(partition, page, (row) => suiteRun.parse(row));
  }

  /** Under a name that follows from them, so that nobody reads a part of these and a part of those. */
  async settle(seen: SuiteRun, results: CaseResult[]): Promise<boolean> {
    const name = `results ${digestOf(results)}`;
    await this.#keep(resultsPk(seen.id), name, results, expiresIn(this.#settings.retentionDays, new Date(seen.createdAt)));
    const update = new UpdateItemCommand({
      TableName: this.#settings.table,
      Key: toItem(runKey(seen.workflowId, seen.id)),
      UpdateExpression: 'SET settled = :next',
      ConditionExpression: seen.settled ? 'settled = :seen' : 'attribute_exists(pk) AND attribute_not_exists(settled)',
      ExpressionAttributeValues: toItem({ ':next': { name, outcome: worstOf(results) }, ':seen': seen.settled }),
    });
    return wins(() => this.#client().send(update));
  }

  async settledOf({ id, settled }: SuiteRun): Promise<CaseResult[] | undefined> {
    const kept = settled && (await this.#kept(resultsPk(id), settled.name));
    return kept === undefined ? undefined : z.array(caseResult).parse(kept);
  }

  /** Removes what was kept under it. */
  async #forget(pk: string): Promise<void> {
    for (const row of await this.#rows(pk, '')) {
      const remove = new DeleteItemCommand({ TableName: this.#settings.table, Key: primaryKey(row) });
      await patiently(() => this.#client().send(remove));
    }
  }

  async #keep(pk: string, name: string, value: unknown, expires?: number): Promise<void> {
    const bytes = gzipSync(JSON.stringify(value));
    const count = Math.ceil(bytes.length / PART_BYTES);
    if (count > MOST_PARTS) throw new Problem('too-large', 'The run holds more than a test can keep: 10 MB, packed.');
    for (let at = 0; at < count; at += 1) {
      const sk = `${name}#${String(at).padStart(2, '0')}/${count}`;
      const Item = toItem({ pk, sk, bytes: bytes.subarray(at * PART_BYTES, (at + 1) * PART_BYTES), expires });
      await patiently(() => this.#client().send(new PutItemCommand({ TableName: this.#settings.table, Item })));
    }
  }

  async #kept(pk: string, name: string): Promise<unknown> {
    const parts = (await this.#rows(pk, `${name}#`)).map((item) => part.parse(fromItem(item)));
    if (parts.length === 0 || !parts[0]?.sk.endsWith(`/${parts.length}`)) return undefined;
    return parseJson(gunzipSync(Buffer.concat(parts.map(({ bytes }) => bytes))).toString());
  }

  async #rows(pk: string, prefix: string): Promise<Item[]> {
    const items: Item[] = [];
    for (let last: Item | undefined, more = true; more; more = last !== undefined) {
      const query = new QueryCommand({
        TableName: this.#settings.table,
        ConsistentRead: true,
        KeyConditionExpression: prefix ? 'pk = :pk AND begins_with(sk, :prefix)' : 'pk = :pk',
        ExpressionAttributeValues: toItem({ ':pk': pk, ...(prefix && { ':prefix': prefix }) }),
        ExclusiveStartKey: last,
      });
      const { Items = [], LastEvaluatedKey } = await patiently(() => this.#client().send(query));
      items.push(...Items);
      last = LastEvaluatedKey;
    }
    return items;
  }
}

const expectedOf = (runId: string) => `expected ${runId}`;

function noteOf(before: TestCase | undefined, after: TestCase | undefined): Change {
  const { id = '', name, project } = after ?? before ?? {};
  return { object: 'test', id, name, project, before, after };
}
