import {
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { listName, readToken, writeToken } from '../kernel/list-token.ts';
import { fromItem, type Item, toItem } from './items.ts';
import { type Patience, patiently } from './patiently.ts';

/** Keys by which a row is listed among those of its kind. */
export const listKeys = (kind: string, owner: { workspace: string; workflowId?: string | undefined }) => ({
  workspaceKey: `${owner.workspace}#${kind}`,
  ...(owner.workflowId !== undefined && { workflowKey: `${owner.workflowId}#${kind}` }),
});

export interface RowList<T> {
  kind: string;
  workspace: string;
  workflowId?: string | undefined;
  /** Equalities that no index serves; infra/stores.ts lets the indexes have these fields. */
  filter?: Record<string, string | undefined>;
  keyOf: (id: string) => Item;
  parse: (row: Record<string, unknown>) => T;
}

/** Which partition of which index has the list. */
export const indexOf = ({ kind, workspace, workflowId }: Pick<RowList<unknown>, 'kind' | 'workspace' | 'workflowId'>) =>
  workflowId === undefined
    ? { index: 'by-workspace', attribute: 'workspaceKey', value: `${workspace}#${kind}` }
    : { index: 'by-workflow', attribute: 'workflowKey', value: `${workflowId}#${kind}` };

/** Rows read for one page of a filtered list at the most. */
const FILTERED_READ = 400;

/**
 * One page of a list, newest first. The index has keys and what lists are filtered by, so that a row can change without the index being written: one
 * Query says which rows, and they are read as they stand now.
 */
export async function listRows<T extends { id: string }>(
  client: DynamoDBClient,
  table: string,
  { kind, workspace, workflowId, filter = {}, keyOf, parse }: RowList<T>,
  { limit, token }: { limit: number; token?: string | undefined },
): Promise<{ items: T[]; next: string | undefined }> {
  const { index, attribute, value } = indexOf({ kind, workspace, workflowId });
  const wanted = Object.entries({ ...filter, workspace }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const name = listName([index, value, wanted]);
  const last = readToken(name, token);
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: index,
      KeyConditionExpression: '#key = :key',
      FilterExpression: wanted.map(([field]) => `#${field} = :${field}`).join(' AND '),
      ExpressionAttributeNames: { '#key': attribute, ...Object.fromEntries(wanted.map(([field]) => [`#${field}`, field])) },
      ExpressionAttributeValues: {
        ':key': { S: value },
        ...Object.fromEntries(wanted.map(([field, text]) => [`:${field}`, { S: text }])),
      },
      ScanIndexForward: false,
      Limit: wanted.length > 1 ? Math.max(limit, FILTERED_READ) : limit,
      ExclusiveStartKey: last === undefined ? undefined : { ...keyOf(last), ...toItem({ [attribute]: value, id: last }) },
    }),
  );
  const page = Items.slice(0, limit);
  const rows = await getItems(client, table, page.map(primaryKey));
  const byId = new Map(rows.map((row) => [row['id']?.S, row]));
  const items = page
    .map((entry) => byId.get(entry['id']?.S))
    .filter((row) => row !== undefined)
    .map(fromItem)
    // An index may be behind its rows.
    .filter((row) => wanted.every(([field, text]) => row[field] === text))
    .map(parse);
  const behind = (Items.length > limit ? page.at(-1) : LastEvaluatedKey)?.['id']?.S;
  return { items, next: behind === undefined ? undefined : writeToken(name, behind) };
}

export const primaryKey = ({ pk, sk }: Item): Item => ({ ...(pk && { pk }), ...(sk && { sk }) });

/** What one BatchGetItem reads. */
export const BATCH = 100;

/** Rows as they stand now, in any order, as many as there are; asks again for what a busy table or a large answer has left over. */
export async function getItems(client: DynamoDBClient, table: string, keys: Item[], patience?: Patience): Promise<Item[]> {
  const batches = Array.from({ length: Math.ceil(keys.length / BATCH) }, (_, at) => keys.slice(at * BATCH, (at + 1) * BATCH));
  return (await Promise.all(batches.map((batch) => batchOf(client, table, batch, patience)))).flat();
}

async function batchOf(client: DynamoDBClient, table: string, keys: Item[], patience?: Patience): Promise<Item[]> {
  const items: Item[] = [];
  for (let left = keys; left.length > 0; ) {
    const get = new BatchGetItemCommand({ RequestItems: { [table]: { Keys: left, ConsistentRead: true } } });
    const { Responses, UnprocessedKeys }: BatchGetItemCommandOutput = await patiently(() => client.send(get), patience);
    items.push(...(Responses?.[table] ?? []));
    left = UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return items;
}

/** One row as it stands now. */
export async function getRow(client: DynamoDBClient, table: string, key: object): Promise<Record<string, unknown> | undefined> {
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: toItem(key), ConsistentRead: true }));
  return Item && fromItem(Item);
}
