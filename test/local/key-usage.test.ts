import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { Cloud } from '../../local/cloud.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { smallStack } from './small-stack.ts';

const TableName = 'things';
let cloud: Cloud;
let client: DynamoDBClient;

beforeAll(async () => {
  // Longer than the test, so that all is in one window.
  cloud = await cloudInProcess(smallStack, undefined, { usageKeysWindowMs: 3_600_000_000 });
  client = new DynamoDBClient({});
});
afterAll(() => cloud.close());

const answer = z.object({
  windowMs: z.number(),
  keys: z.array(
    z.object({ table: z.string(), index: z.string().nullable(), key: z.string(), units: z.number(), peak: z.number() }),
  ),
});
async function counted() {
  const { keys } = answer.parse(await (await fetch(`${cloud.url}/_local/usage/keys`)).json());
  return Object.fromEntries(keys.map(({ index, key, units, peak }) => [`${index ?? 'table'} ${key}`, [units, peak]]));
}
const thing = (pk: string, group?: string, text = '') => ({
  pk: { S: pk },
  ...(group !== undefined && { group: { S: group } }),
  body: { S: text },
});

test('write units are counted by table key and index key, and by nothing that is not written', async () => {
  await client.send(new PutItemCommand({ TableName, Item: thing('a', 'red') }));
  await client.send(new PutItemCommand({ TableName, Item: thing('b') }));
  expect(await counted()).toEqual({ 'table a': [1, 1], 'by-group red': [1, 1], 'table b': [1, 1] });

  // From one group to another: it leaves the one and enters the other.
  const move = { UpdateExpression: 'SET #g = :g REMOVE body', ExpressionAttributeNames: { '#g': 'group' } };
  await client.send(
    new UpdateItemCommand({ TableName, Key: { pk: { S: 'a' } }, ...move, ExpressionAttributeValues: { ':g': { S: 'blue' } } }),
  );
  expect(await counted()).toMatchObject({ 'table a': [2, 2], 'by-group red': [2, 2], 'by-group blue': [1, 1] });

  await client.send(
    new UpdateItemCommand({
      TableName,
      Key: { pk: { S: 'a' } },
      UpdateExpression: 'REMOVE #g',
      ExpressionAttributeNames: { '#g': 'group' },
    }),
  );
  expect(await counted()).toMatchObject({ 'table a': [3, 3], 'by-group blue': [2, 2] });

  await client.send(new DeleteItemCommand({ TableName, Key: { pk: { S: 'b' } } }));
  expect(await counted()).toMatchObject({ 'table b': [2, 2] });
});

test('items that are written together share what it costs, by their size', async () => {
  const items = [thing('c', 'green'), thing('d', 'green', 'x'.repeat(2500))];
  await client.send(new TransactWriteItemsCommand({ TransactItems: items.map((Item) => ({ Put: { TableName, Item } })) }));
  expect(await counted()).toMatchObject({ 'table c': [2, 2], 'table d': [6, 6] });

  const requests = ['e', 'f'].map((pk) => ({ PutRequest: { Item: thing(pk, 'grey') } }));
  await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
  expect(await counted()).toMatchObject({ 'table e': [1, 1], 'table f': [1, 1], 'by-group grey': [2, 2] });
});

test('the sum is what the meter counts', async () => {
  const sum = Object.values(await counted()).reduce((total, [units = 0]) => total + units, 0);
  expect(sum).toBeCloseTo(cloud.usage().operations.dynamodb.writeUnits);
});
