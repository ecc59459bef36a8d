import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { listName, readToken, writeToken } from '../kernel/list-token.ts';
import type { Page, PageOf } from '../kernel/page.ts';
import { fromItem, toItem } from './items.ts';
import { patiently } from './patiently.ts';

interface Partition {
  client: DynamoDBClient;
  table: string;
  pk: string;
  /** What stands before the ids. */
  prefix?: string;
}

/** One page of a partition whose sort keys are ids, or of those that have a prefix: newest first. */
export async function pageOfPartition<T extends { id: string }>(
  { client, table, pk, prefix = '' }: Partition,
  { limit, token }: PageOf,
  parse: (row: Record<string, unknown>) => T,
): Promise<Page<T>> {
  const name = listName([pk, prefix]);
  const last = readToken(name, token);
  const query = new QueryCommand({
    TableName: table,
    KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: toItem({ ':pk': pk, ...(prefix !== '' && { ':prefix': prefix }) }),
    ScanIndexForward: false,
    Limit: limit,
    ExclusiveStartKey: last === undefined ? undefined : toItem({ pk, sk: prefix + last }),
  });
  const { Items = [], LastEvaluatedKey } = await patiently(() => client.send(query));
  const items = Items.map((item) => parse(fromItem(item)));
  const end = LastEvaluatedKey ? items.at(-1) : undefined;
  return { items, next: end && writeToken(name, end.id) };
}
