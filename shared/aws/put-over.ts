import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from './items.ts';

/** Puts a row in the place of the one that was seen, unless somebody has changed that meanwhile. */
export const putOver = (TableName: string, { updatedAt }: { updatedAt: string }, Item: Item): PutItemCommand =>
  new PutItemCommand({
    TableName,
    Item,
    ConditionExpression: 'updatedAt = :seen',
    ExpressionAttributeValues: { ':seen': { S: updatedAt } },
  });
