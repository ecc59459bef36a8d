import { gunzipSync, gzipSync } from 'node:zlib';
import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { wins } from '../aws/conditional-write.ts';
import { expiresIn, fromItem, type Item, toItem } from '../aws/items.ts';
import { type Change, noted } from '../aws/noted.ts';
import { patiently } from '../aws/patiently.ts';
import { getRow } from '../aws/rows.ts';
import { parseJson } from '../kernel/json.ts';
import { Problem } from '../kernel/problem.ts';
import { type Recording, type Recordings, recording } from '../run/recorded.ts';
import {
  type Expectation,
  expectation,
  type Kept,
  type SuiteRun,
  suiteRun,
  type TestCase,
  type Tests,
  testCase,
} from './test-case.ts';

const listPk = (workflowId: string) => `WORKFLOW#${workflowId}`;
const testKey = ({ workflowId, id }: Pick<TestCase, 'workflowId' | 'id'>) => ({ pk: listPk(workflowId), sk: `TEST#${id}` });
const runKey = (workflowId: string, id: string) => ({ pk: listPk(workflowId), sk: `RUN#${id}` });
const keptPk = (id: string) => `TEST#${id}`;

/** A row has 400 KB. */
const PART_BYTES = 350_000;
/** Packed. A case that keeps more is none that anybody waits for. */
const MOST_PARTS = 30;

const part = z.object({ sk: z.string(), bytes: z.instanceof(Uint8Array) });

/** Tests in a table of their own: they keep what they need of their runs, whose values go with them. */
export class DynamoTests implements Tests, Recordings {
  readonly #client: () => DynamoDBClient;
  readonly #settings: { table: string; retentionDays: number };

  constructor(client: () => DynamoDBClient, settings: { table: string; retentionDays: number }) {
    this.#client = client;
    this.#settings = settings;
  }

  async add(test: TestCase, { inputs, recording, expected }: Kept): Promise<void> {
    await this.#keep(test.id, 'inputs', inputs);
    await this.#keep(test.id, 'calls', recording);
    await this.#keep(test.id, expectedOf(test.baseline), expected);
    const put = new PutItemCommand({ TableName: this.#settings.table, Item: toItem({ ...testKey(test), ...test }) });
    const write = noted(put, noteOf(undefined, test));
    await patiently(() => this.#client().send(write));
  }

  async get(workflowId: string, id: string): Promise<TestCase | undefined> {
    const row = await getRow(this.#client(), this.#settings.table, testKey({ workflowId, id }));
    return row && testCase.parse(row);
  }

  async list(workflowId: string): Promise<TestCase[]> {
    return (await this.#rows(listPk(workflowId), 'TEST#')).map((item) => testCase.parse(fromItem(item)));
  }

  async inputsOf(id: string): Promise<Record<string, unknown>> {
    return z.record(z.string(), z.unknown()).parse(await this.#kept(id, 'inputs'));
  }

  async expectedOf(test: TestCase): Promise<Expectation> {
    return expectation.parse(await this.#kept(test.id, expectedOf(test.baseline)));
  }

  async recordingOf(id: string): Promise<Recording | undefined> {
    const kept = await this.#kept(id, 'calls');
    return kept === undefined ? undefined : recording.parse(kept);
  }

  async accept(test: TestCase, runId: string, expected: Expectation): Promise<boolean> {
    await this.#keep(test.id, expectedOf(runId), expected);
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

  /** The case last: what is interrupted can be done again. */
  async remove(test: TestCase): Promise<void> {
    for (const { pk, sk } of await this.#rows(keptPk(test.id), ''))
      await patiently(() =>
        this.#client().send(
          new DeleteItemCommand({ TableName: this.#settings.table, Key: { ...(pk && { pk }), ...(sk && { sk }) } }),
        ),
      );
    const remove = new DeleteItemCommand({ TableName: this.#settings.table, Key: toItem(testKey(test)) });
    const write = noted(remove, noteOf(test, undefined));
    await patiently(() => this.#client().send(write));
  }

  async addRun(run: SuiteRun): Promise<void> {
    const { table, retentionDays } = this.#settings;
    const row = { ...runKey(run.workflowId, run.id), ...run, expires: expiresIn(retentionDays, new Date(run.createdAt)) };
    await patiently(() => this.#client().send(new PutItemCommand({ TableName: table, Item: toItem(row) })));
  }

  async run(workflowId: string, id: string): Promise<SuiteRun | undefined> {
    const row = await getRow(this.#client(), this.#settings.table, runKey(workflowId, id));
    return row && suiteRun.parse(row);
  }

  async #keep(id: string, name: string, value: unknown): Promise<void> {
    const bytes = gzipSync(JSON.stringify(value));
    const count = Math.ceil(bytes.length / PART_BYTES);
    if (count > MOST_PARTS) throw new Problem('too-large', 'The run holds more than a test can keep: 10 MB, packed.');
    for (let at = 0; at < count; at += 1) {
      const sk = `${name}#${String(at).padStart(2, '0')}/${count}`;
      const Item = toItem({ pk: keptPk(id), sk, bytes: bytes.subarray(at * PART_BYTES, (at + 1) * PART_BYTES) });
      await patiently(() => this.#client().send(new PutItemCommand({ TableName: this.#settings.table, Item })));
    }
  }

  async #kept(id: string, name: string): Promise<unknown> {
    const parts = (await this.#rows(keptPk(id), `${name}#`)).map((item) => part.parse(fromItem(item)));
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
