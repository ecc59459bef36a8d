import {
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import { wins } from '../aws/conditional-write.ts';
import { fromItem, fromText, type Item, toItem } from '../aws/items.ts';
import { type Change, noted } from '../aws/noted.ts';
import { timeOf } from '../kernel/id.ts';
import { badToken, listName, readToken, writeToken } from '../kernel/list-token.ts';
import type { Page, PageOf } from '../kernel/page.ts';
import { type Budget, budget } from '../usage/budget.ts';
import { type Maintenance, maintenance } from './maintenance.ts';
import { packed, unpacked } from './packed-document.ts';
import { type Retention, retention } from './retention.ts';
import {
  type CheckedDefinition,
  type Definition,
  definition as definitionSchema,
  isAbout,
  type Version,
  version as versionSchema,
  type Workflow,
  workflow as workflowSchema,
} from './workflow.ts';
import type { WorkflowFilter, Workflows } from './workflows.ts';

/** Definitions kept in memory: they never change. */
const KEPT_CHARACTERS = 16 * 1024 * 1024;

const storedWorkflow = workflowSchema.extend({ startDefaults: fromText.pipe(workflowSchema.shape.startDefaults).optional() });
const checkedRow = z.object({ document: z.instanceof(Uint8Array), pins: definitionSchema.shape.pins });

/** For so long a function goes by what a workspace has said before. */
const SETTINGS_KEPT_MS = 60_000;
const settingsKey = (workspace: string) => ({ pk: `SETTINGS#${workspace}`, sk: 'SETTINGS' });
const settingsRow = z.object({
  retention: retention.optional(),
  maintenance: maintenance.optional(),
  budgets: z.array(budget).optional(),
});
type Settings = z.infer<typeof settingsRow>;

/** Rows that one page looks at, where few have the words that it is about. */
const MOST_READ = 2_000;
const READ_AT_ONCE = 100;

const goesOn = (list: string, last: string, q: string | undefined) => ({
  next: writeToken(list, last),
  searchedTo: q === undefined ? undefined : timeOf(last),
});

const pkOf = (id: string) => `WORKFLOW#${id}`;
const metaKey = (id: string) => ({ pk: pkOf(id), sk: 'META' });
const sourceKey = (id: string, hash: string) => ({ pk: pkOf(id), sk: `SOURCE#${hash}` });
const documentKey = (id: string, hash: string) => ({ pk: pkOf(id), sk: `DOCUMENT#${hash}` });
const versionSk = (number: number) => `VERSION#${String(number).padStart(6, '0')}`;
const nameKey = ({ workspace, project, name }: Pick<Workflow, 'workspace' | 'project' | 'name'>) => ({
  pk: `NAME#${workspace}#${project}#${name}`,
  sk: 'NAME',
});

/** Deleted workflows leave the lists. */
const metaItem = (workflow: Workflow) =>
  toItem({
    ...metaKey(workflow.id),
    ...workflow,
    startDefaults: workflow.startDefaults && JSON.stringify(workflow.startDefaults),
    workspaceKey: workflow.deletedAt ? undefined : workflow.workspace,
    projectKey: workflow.deletedAt ? undefined : `${workflow.workspace}#${workflow.project}`,
  });

/** Workflows in DynamoDB. A definition is written once, under the hash of its text. */
export class DynamoWorkflows implements Workflows {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;
  readonly #definitions = new LRUCache<string, Definition>({
    maxSize: KEPT_CHARACTERS,
    sizeCalculation: ({ source }) => source.length,
  });

  readonly #settings = new LRUCache<string, Settings>({ max: 1_000, ttl: SETTINGS_KEPT_MS });

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  create(workflow: Workflow, definition: Definition & CheckedDefinition): Promise<boolean> {
    return this.#write(noteOf(undefined, workflow), [
      this.#put({ ...toItem(nameKey(workflow)), workflowId: { S: workflow.id } }, 'attribute_not_exists(pk)'),
      this.#put(metaItem(workflow), 'attribute_not_exists(pk)'),
      ...this.#definitionPuts(workflow.id, definition),
    ]);
  }

  async get(id: string) {
    const item = await this.#get(metaKey(id));
    return item && storedWorkflow.parse(fromItem(item));
  }

  async byName(workspace: string, project: string, name: string) {
    const item = await this.#get(nameKey({ workspace, project, name }));
    return item?.['workflowId']?.S === undefined ? undefined : this.get(item['workflowId'].S);
  }

  async definition(workflowId: string, hash: string) {
    const key = `${workflowId}/${hash}`;
    const known = this.#definitions.get(key);
    if (known) return known;
    const item = await this.#get(sourceKey(workflowId, hash));
    const read = item && definitionSchema.parse(fromItem(item));
    this.#definitions.set(key, read);
    return read;
  }

  async checked(workflowId: string, hash: string) {
    const item = await this.#get(documentKey(workflowId, hash));
    if (!item) return undefined;
    const { document, pins } = checkedRow.parse(fromItem(item));
    return { document: unpacked(document), pins };
  }

  replace(
    seen: Workflow,
    next: Workflow,
    { definition, version }: { definition?: Definition & CheckedDefinition; version?: Version } = {},
  ): Promise<boolean> {
    const puts = [
      this.#put(metaItem(next), 'updatedAt = :seen AND attribute_not_exists(deletedAt)', { ':seen': { S: seen.updatedAt } }),
    ];
    if (definition) puts.push(...this.#definitionPuts(next.id, definition));
    if (version)
      puts.push(this.#put(toItem({ pk: pkOf(next.id), sk: versionSk(version.number), ...version }), 'attribute_not_exists(pk)'));
    if (seen.name !== next.name) {
      puts.push(
        this.#put({ ...toItem(nameKey(next)), workflowId: { S: next.id } }, 'attribute_not_exists(pk)'),
        this.#delete(nameKey(seen)),
      );
    }
    return this.#write(noteOf(seen, next), puts);
  }

  remove(seen: Workflow, at: string): Promise<boolean> {
    const gone = { ...seen, enabled: false, deletedAt: at, updatedAt: at };
    return this.#write(noteOf(seen, undefined), [
      this.#put(metaItem(gone), 'updatedAt = :seen', { ':seen': { S: seen.updatedAt } }),
      this.#delete(nameKey(seen)),
    ]);
  }

  async retention(workspace: string, asOf?: 'now') {
    return (await this.#settingsOf(workspace, asOf)).retention;
  }

  async keepFor(workspace: string, retention: Retention) {
    const seen = await this.#readSettings(workspace);
    await this.#set(workspace, seen, { retention }, { before: seen.retention ?? {}, after: retention });
  }

  async maintenance(workspace: string, asOf?: 'now') {
    return (await this.#settingsOf(workspace, asOf)).maintenance;
  }

  async maintain(workspace: string, maintenance: Maintenance | undefined) {
    const seen = await this.#readSettings(workspace);
    await this.#set(workspace, seen, { maintenance }, { before: seen.maintenance ?? {}, after: maintenance ?? {} });
  }

  async budgets(workspace: string, asOf?: 'now') {
    return (await this.#settingsOf(workspace, asOf)).budgets ?? [];
  }

  async setBudgets(workspace: string, budgets: Budget[]) {
    const seen = await this.#readSettings(workspace);
    const change = { before: { budgets: seen.budgets ?? [] }, after: { budgets } };
    await this.#set(workspace, seen, { budgets }, change);
  }

  async #settingsOf(workspace: string, asOf: 'now' | undefined): Promise<Settings> {
    const known = asOf ? undefined : this.#settings.get(workspace);
    if (known) return known;
    const found = await this.#readSettings(workspace);
    this.#settings.set(workspace, found);
    return found;
  }

  async #readSettings(workspace: string): Promise<Settings> {
    const item = await this.#get(settingsKey(workspace));
    return item ? settingsRow.parse(fromItem(item)) : {};
  }

  /** One setting, whatever becomes of the others meanwhile. */
  async #set(workspace: string, seen: Settings, setting: Settings, change: Pick<Change, 'before' | 'after'>): Promise<void> {
    const [[name, value] = ['', undefined]] = Object.entries(setting);
    const update = new UpdateItemCommand({
      TableName: this.#table,
      Key: toItem(settingsKey(workspace)),
      UpdateExpression: value === undefined ? 'REMOVE #name' : 'SET #name = :value',
      ExpressionAttributeNames: { '#name': name },
      ...(value !== undefined && { ExpressionAttributeValues: toItem({ ':value': value }) }),
    });
    const write = noted(update, { object: 'workspace', id: workspace, ...change });
    await this.#client().send(write);
    this.#settings.set(workspace, { ...seen, ...setting });
  }

  async version(workflowId: string, number: number) {
    const item = await this.#get({ pk: pkOf(workflowId), sk: versionSk(number) });
    return item && versionSchema.parse(fromItem(item));
  }

  async versions(workflowId: string, limit: number, token?: string): Promise<Page<Version>> {
    const name = listName(['versions', workflowId]);
    const last = readToken(name, token);
    if (token !== undefined && last !== undefined && !/^\d+$/.test(last)) throw badToken(token);
    const { Items = [], LastEvaluatedKey } = await this.#client().send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
        ExpressionAttributeValues: { ':pk': { S: pkOf(workflowId) }, ':sk': { S: 'VERSION#' } },
        ScanIndexForward: false,
        Limit: limit,
        ExclusiveStartKey: last === undefined ? undefined : toItem({ pk: pkOf(workflowId), sk: versionSk(Number(last)) }),
      }),
    );
    const items = Items.map((item) => versionSchema.parse(fromItem(item)));
    return { items, next: LastEvaluatedKey && writeToken(name, String(items.at(-1)?.number)) };
  }

  async list({ q, ...owner }: WorkflowFilter, { limit, token }: PageOf): Promise<Page<Workflow>> {
    const name = listName(['workflows', owner, q]);
    const items: Workflow[] = [];
    let last = readToken(name, token);
    for (let looked = 0; looked < MOST_READ && items.length < limit; looked += READ_AT_ONCE) {
      const size = q === undefined ? limit : READ_AT_ONCE;
      const { rows, isEnd } = await this.#rows(owner, size, last);
      for (const [place, row] of rows.entries()) {
        last = row.id;
        if (q === undefined || isAbout(row, q)) items.push(row);
        const isLast = isEnd && place === rows.length - 1;
        if (items.length === limit && !isLast) return { items, ...goesOn(name, last, q) };
      }
      if (isEnd) return { items, next: undefined };
    }
    return { items, ...goesOn(name, last ?? '', q) };
  }

  /** Rows behind that id, newest first. */
  async #rows({ workspace, project }: WorkflowFilter, size: number, last: string | undefined) {
    const [index, attribute, value] =
      project === undefined
        ? ['by-workspace', 'workspaceKey', workspace]
        : ['by-project', 'projectKey', `${workspace}#${project}`];
    const { Items = [], LastEvaluatedKey } = await this.#client().send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: index,
        KeyConditionExpression: '#key = :key',
        ExpressionAttributeNames: { '#key': attribute },
        ExpressionAttributeValues: { ':key': { S: value } },
        ScanIndexForward: false,
        Limit: size,
        ExclusiveStartKey: last === undefined ? undefined : toItem({ ...metaKey(last), [attribute]: value, id: last }),
      }),
    );
    return { rows: Items.map((item) => storedWorkflow.parse(fromItem(item))), isEnd: LastEvaluatedKey === undefined };
  }

  #definitionPuts(id: string, { document, ...definition }: Definition & CheckedDefinition): TransactWriteItem[] {
    const { hash, pins } = definition;
    return [
      this.#put(toItem({ ...sourceKey(id, hash), ...definition })),
      this.#put(toItem({ ...documentKey(id, hash), document: packed(document), pins })),
    ];
  }

  async #get(key: object): Promise<Item | undefined> {
    const { Item } = await this.#client().send(
      new GetItemCommand({ TableName: this.#table, Key: toItem(key), ConsistentRead: true }),
    );
    return Item;
  }

  #put(Item: Item, ConditionExpression?: string, ExpressionAttributeValues?: Item): TransactWriteItem {
    return { Put: { TableName: this.#table, Item, ConditionExpression, ExpressionAttributeValues } };
  }

  #delete(key: object): TransactWriteItem {
    return { Delete: { TableName: this.#table, Key: toItem(key) } };
  }

  #write(change: Change, TransactItems: TransactWriteItem[]): Promise<boolean> {
    const write = noted(new TransactWriteItemsCommand({ TransactItems }), change);
    return wins(() => this.#client().send(write));
  }
}

function noteOf(before: Workflow | undefined, after: Workflow | undefined): Change {
  const { id = '', name, project } = after ?? before ?? {};
  return { object: 'workflow', id, name, project, before: before && shown(before), after: after && shown(after) };
}

/** Definitions by their hashes. */
const shown = ({ draft, published, ...workflow }: Workflow) => ({
  ...workflow,
  draft: draft.definition,
  published: published && `${published.version} ${published.definition}`,
});
