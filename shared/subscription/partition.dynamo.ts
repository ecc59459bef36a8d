import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { fromItem, listName, readToken, toItem, writeToken } from '../aws/items.ts';
import { patiently } from '../aws/patiently.ts';
import type { Page, PageOf } from '../kernel/page.ts';

interface Partition {
  client: DynamoDBClient;
  table: string;
  pk: string;
}

/** One page of a partition whose sort keys are ids: newest first. */
export async function pageOfPartition<T extends { id: string }>(
  { client, table, pk }: Partition,
  { limit, token }: PageOf,
  parse: (row: Record<string, unknown>) => T,
): Promise<Page<T>> {
  const name = listName(pk);
  const last = readToken(name, token);
  const query = new QueryCommand({
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: pk } },
    ScanIndexForward: false,
    Limit: limit,
    ExclusiveStartKey: last === undefined ? undefined : toItem({ pk, sk: last }),
  });
  const { Items = [], LastEvaluatedKey } = await patiently(() => client.send(query));
  const items = Items.map((item) => parse(fromItem(item)));
  const end = LastEvaluatedKey ? items.at(-1) : undefined;
  return { items, next: end && writeToken(name, end.id) };
}
