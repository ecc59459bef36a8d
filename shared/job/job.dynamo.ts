import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import { wins } from '../aws/conditional-write.ts';
import { expiresIn, fromItem, fromText, toItem } from '../aws/items.ts';
import { noted } from '../aws/noted.ts';
import { patiently } from '../aws/patiently.ts';
import { getRow, listKeys, listRows } from '../aws/rows.ts';
import { listName, readToken, writeToken } from '../kernel/list-token.ts';
import type { Page, PageOf } from '../kernel/page.ts';
import { type Job, job, OUTCOMES, type Outcome, type Result, result } from './job.ts';
import type { JobKey, Jobs } from './ports.ts';

const jobPk = (id: string) => `JOB#${id}`;
const jobKey = (id: string) => ({ pk: jobPk(id), sk: 'JOB' });
const padded = (number: number) => String(number).padStart(6, '0');
const pageKey = (id: string, page: number) => ({ pk: jobPk(id), sk: `PAGE#${padded(page)}` });
const resultSk = (outcome: Outcome, position: number) => `RESULT#${outcome}#${padded(position)}`;
const keyKey = ({ workspace, hash }: JobKey) => ({ pk: `KEY#${workspace}#${hash}`, sk: 'KEY' });

/** Ids in one item: 27 KB. */
const PAGE = 1_000;
const WRITES_AT_ONCE = 10;
const PAGES_KNOWN = 20;
const KEY_DAYS = 30;
/** A job goes on for so long at the most: what it is about must not go before. */
const LONGEST_DAYS = 30;
const LIVE = 'live';

/** What a job is given and stands at are texts, but for what conditions and indexes ask for. */
const row = z
  .object({ job: fromText.pipe(job.omit({ version: true })), version: z.int() })
  .transform(({ job: own, version }) => ({ ...own, version }));
const pageRow = z.object({ ids: z.array(z.string()) });
const keyRow = z.object({ jobId: z.string(), bodyHash: z.string() });

/** Jobs in DynamoDB: one partition a job, with its selection in pages and its results. */
export class DynamoJobs implements Jobs {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;
  readonly #retentionDays: number;
  readonly #pages = new LRUCache<string, string[]>({ max: PAGES_KNOWN });

  constructor(client: () => DynamoDBClient, { table, retentionDays }: { table: string; retentionDays: number }) {
    this.#client = client;
    this.#table = table;
    this.#retentionDays = retentionDays;
  }

  async create(made: Job, ids: string[], key?: JobKey) {
    await this.#writePages(made, ids);
    const fresh = { TableName: this.#table, ConditionExpression: 'attribute_not_exists(pk)' };
    const expires = expiresIn(KEY_DAYS, new Date(made.createdAt));
    const promise = key
      ? [{ Put: { ...fresh, Item: toItem({ ...keyKey(key), jobId: made.id, bodyHash: key.bodyHash, expires }) } }]
      : [];
    const write = new TransactWriteItemsCommand({ TransactItems: [...promise, { Put: { ...fresh, Item: this.#item(made) } }] });
    const command = noted(write, { object: 'job', id: made.id, name: made.name, project: made.project, after: made });
    if ((await wins(() => this.#client().send(command))) || !key) return {};
    const earlier = await this.createdUnder(key);
    // The answer may have been lost: then it is its own.
    return earlier === undefined || earlier.jobId === made.id ? {} : { earlier };
  }

  async createdUnder(key: JobKey) {
    const found = await getRow(this.#client(), this.#table, keyKey(key));
    return found && keyRow.parse(found);
  }

  async get(id: string): Promise<Job | undefined> {
    const found = await patiently(() => getRow(this.#client(), this.#table, jobKey(id)));
    return found && row.parse(found);
  }

  list({ workspace, project }: { workspace: string; project?: string | undefined }, page: PageOf) {
    const list = { kind: 'job', workspace, filter: { project }, keyOf: (id: string) => toItem(jobKey(id)), parse: row.parse };
    return listRows(this.#client(), this.#table, list, page);
  }

  async subjects(id: string, from: number, count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let at = from; at < from + count; at = (Math.floor(at / PAGE) + 1) * PAGE) {
      const page = await this.#page(id, Math.floor(at / PAGE));
      ids.push(...page.slice(at % PAGE, (at % PAGE) + count - ids.length));
    }
    return ids;
  }

  async replace(next: Job, seen?: Job): Promise<boolean> {
    const plain = new PutItemCommand(this.#replacing(next));
    const { id, name, project } = next;
    const command = seen ? noted(plain, { object: 'job', id, name, project, before: seen, after: next }) : plain;
    return this.#won(() => this.#client().send(command), next);
  }

  async settle(next: Job, results: Result[]): Promise<boolean> {
    const expires = expiresIn(this.#retentionDays + LONGEST_DAYS, new Date(next.createdAt));
    const puts = results.map(({ id, ...rest }) => ({
      Put: {
        TableName: this.#table,
        Item: toItem({ pk: jobPk(next.id), sk: resultSk(rest.outcome, rest.position), subject: id, ...rest, expires }),
      },
    }));
    const write = new TransactWriteItemsCommand({ TransactItems: [{ Put: this.#replacing(next) }, ...puts] });
    return this.#won(() => this.#client().send(write), next);
  }

  async results(id: string, outcome: Outcome | undefined, { limit, token }: PageOf): Promise<Page<Result>> {
    const prefix = outcome === undefined ? 'RESULT#' : `RESULT#${outcome}#`;
    const name = listName(['results', id, outcome]);
    const last = readToken(name, token);
    const query = new QueryCommand({
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: toItem({ ':pk': jobPk(id), ':prefix': prefix }),
      Limit: limit,
      ExclusiveStartKey: last === undefined ? undefined : toItem({ pk: jobPk(id), sk: skIn(last) }),
    });
    const { Items = [], LastEvaluatedKey } = await patiently(() => this.#client().send(query));
    const items = Items.map(fromItem).map(({ subject, ...rest }) => result.parse({ ...rest, id: subject }));
    const behind = LastEvaluatedKey && items.at(-1);
    return { items, next: behind && writeToken(name, `${behind.outcome}${padded(behind.position)}`) };
  }

  async due(now: string, limit: number): Promise<string[]> {
    const query = new QueryCommand({
      TableName: this.#table,
      IndexName: 'live',
      KeyConditionExpression: 'liveKey = :key AND dueAt <= :now',
      ExpressionAttributeValues: toItem({ ':key': LIVE, ':now': now }),
      Limit: limit,
    });
    const { Items = [] } = await patiently(() => this.#client().send(query));
    return Items.flatMap(({ pk }) => pk?.S?.slice(jobPk('').length) ?? []);
  }

  async #writePages({ id, createdAt }: Job, ids: string[]): Promise<void> {
    const expires = expiresIn(this.#retentionDays + LONGEST_DAYS, new Date(createdAt));
    const pages = Array.from({ length: Math.ceil(ids.length / PAGE) }, (_, page) => page);
    for (let at = 0; at < pages.length; at += WRITES_AT_ONCE)
      await Promise.all(
        pages.slice(at, at + WRITES_AT_ONCE).map((page) => {
          const Item = toItem({ ...pageKey(id, page), ids: ids.slice(page * PAGE, (page + 1) * PAGE), expires });
          return patiently(() => this.#client().send(new PutItemCommand({ TableName: this.#table, Item })));
        }),
      );
  }

  async #page(id: string, page: number): Promise<string[]> {
    const key = `${id}#${page}`;
    const known = this.#pages.get(key);
    if (known) return known;
    const get = new GetItemCommand({ TableName: this.#table, Key: toItem(pageKey(id, page)) });
    const { Item } = await patiently(() => this.#client().send(get));
    const { ids } = pageRow.parse(Item && fromItem(Item));
    this.#pages.set(key, ids);
    return ids;
  }

  /** Whoever has missed a change loses; an answer that was lost is found to be one's own. */
  async #won(send: () => Promise<unknown>, next: Job): Promise<boolean> {
    if (await wins(send)) return true;
    const now = await getRow(this.#client(), this.#table, jobKey(next.id));
    return now?.['job'] === textOf(next) && now['version'] === next.version + 1;
  }

  #replacing(next: Job) {
    return {
      TableName: this.#table,
      Item: this.#item({ ...next, version: next.version + 1 }),
      ConditionExpression: 'version = :seen',
      ExpressionAttributeValues: toItem({ ':seen': next.version }),
    };
  }

  #item(own: Job) {
    const { id, workspace, project, version, dueAt, endedAt } = own;
    const expires = endedAt === undefined ? undefined : expiresIn(this.#retentionDays, new Date(endedAt));
    const live = endedAt === undefined ? { liveKey: LIVE, dueAt } : {};
    return toItem({
      ...jobKey(id),
      id,
      workspace,
      project,
      job: textOf(own),
      version,
      ...live,
      ...listKeys('job', own),
      expires,
    });
  }
}

const textOf = ({ version: _, ...own }: Job) => JSON.stringify(own);

/** The key behind a token: outcome and position. */
function skIn(at: string): string {
  const outcome = OUTCOMES.find((one) => at.startsWith(one)) ?? 'done';
  return resultSk(outcome, Number(at.slice(outcome.length)));
}
