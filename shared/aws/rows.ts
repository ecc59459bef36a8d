import { type DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { fromItem, type Item, listName, readToken, toItem, writeToken } from './items.ts';

export type RowKind = 'delivery' | 'mailbox' | 'schedule' | 'webhook' | 'file';

/** Keys by which a row of the table of triggers is listed. */
export const listKeys = (kind: RowKind, of: { workspace: string; workflowId?: string | undefined }) => ({
  workspaceKey: `${of.workspace}#${kind}`,
  ...(of.workflowId !== undefined && { workflowKey: `${of.workflowId}#${kind}` }),
});

export interface RowList<T> {
  kind: RowKind;
  workspace: string;
  workflowId?: string | undefined;
  /** Equalities that no index serves. */
  filter?: Record<string, string | undefined>;
  keyOf: (id: string) => Item;
  parse: (row: Record<string, unknown>) => T;
}

/** Rows read for one page of a filtered list at the most. */
const FILTERED_READ = 400;

/** One page of a list in the table of triggers, newest first: one Query. */
export async function listRows<T extends { id: string }>(
  client: DynamoDBClient,
  table: string,
  { kind, workspace, workflowId, filter = {}, keyOf, parse }: RowList<T>,
  { limit, token }: { limit: number; token?: string | undefined },
): Promise<{ items: T[]; next: string | undefined }> {
  const [index, attribute, value] =
    workflowId === undefined
      ? ['by-workspace', 'workspaceKey', `${workspace}#${kind}`]
      : ['by-workflow', 'workflowKey', `${workflowId}#${kind}`];
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
  const read = Items.map((item) => parse(fromItem(item)));
  const items = read.slice(0, limit);
  const behind = read.length > limit ? items.at(-1)?.id : LastEvaluatedKey?.['id']?.S;
  return { items, next: behind === undefined ? undefined : writeToken(name, behind) };
}

/** One row as it stands now. */
export async function getRow(client: DynamoDBClient, table: string, key: object): Promise<Record<string, unknown> | undefined> {
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: toItem(key), ConsistentRead: true }));
  return Item && fromItem(Item);
}
