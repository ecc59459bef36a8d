import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { badToken, listName, readToken, writeToken } from '../kernel/list-token.ts';
import type { Page } from '../kernel/page.ts';
import { fromItem, toItem } from './items.ts';

/** The rows of one kind in a workspace: whole rows of the index `by-workspace`. */
export interface WorkspaceRows<T> {
  client: DynamoDBClient;
  table: string;
  workspaceKey: string;
  keyOf: (row: T) => object;
  parse: (row: unknown) => T;
}

/** One page, newest first. */
export async function listOfWorkspace<T extends { id: string }>(
  rows: WorkspaceRows<T>,
  limit: number,
  token: string | undefined,
): Promise<Page<T>> {
  const { client, table, workspaceKey, keyOf, parse } = rows;
  const name = listName([table, workspaceKey]);
  const last = readToken(name, token);
  // Keys of rows do not follow from ids.
  const from = last === undefined ? undefined : await findOfWorkspace(rows, last);
  if (token !== undefined && !from) throw badToken(token);
  const query = new QueryCommand({
    TableName: table,
    IndexName: 'by-workspace',
    KeyConditionExpression: 'workspaceKey = :workspace',
    ExpressionAttributeValues: { ':workspace': { S: workspaceKey } },
    ScanIndexForward: false,
    Limit: limit,
    ExclusiveStartKey: from && toItem({ ...keyOf(from), workspaceKey, id: from.id }),
  });
  const { Items = [], LastEvaluatedKey } = await client.send(query);
  const items = Items.map((item) => parse(fromItem(item)));
  return { items, next: LastEvaluatedKey && writeToken(name, items.at(-1)?.id ?? '') };
}

/** The row of that id in the workspace. */
export async function findOfWorkspace<T>(
  { client, table, workspaceKey, parse }: WorkspaceRows<T>,
  id: string,
): Promise<T | undefined> {
  const query = new QueryCommand({
    TableName: table,
    IndexName: 'by-workspace',
    KeyConditionExpression: 'workspaceKey = :workspace AND id = :id',
    ExpressionAttributeValues: { ':workspace': { S: workspaceKey }, ':id': { S: id } },
  });
  const { Items: [item] = [] } = await client.send(query);
  return item && parse(fromItem(item));
}
