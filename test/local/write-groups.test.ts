import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cloud } from '../../local/cloud.ts';
import type { ServiceAnswer } from '../../local/dynamodb/proxy.ts';
import { WriteGroups } from '../../local/dynamodb/write-groups.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { smallStack } from './small-stack.ts';

const body = (value: object) => Buffer.from(JSON.stringify(value));
const answered = (status: number, value: object = {}): ServiceAnswer => ({ status, requestId: 'r', body: body(value) });
const write = (item: string) => ({ operation: 'PutItem' as const, item, text: `{"item":"${item}"}` });

/** An emulator that says what it was asked, and answers when it is told to. */
function emulator(answer: (members: string[]) => ServiceAnswer) {
  const asked: string[][] = [];
  const groups = new WriteGroups(async (operation, text) => {
    const request = JSON.parse(text);
    const members: string[] =
      operation === 'PutItem' ? [request.item] : request.TransactItems.map((one: { Put: { item: string } }) => one.Put.item);
    asked.push(members);
    await Promise.resolve();
    return answer(members);
  });
  const all = (items: string[]) => Promise.all(items.map((item) => groups.write(write(item))));
  return { asked, all };
}

const cancelled = (codes: string[]) =>
  answered(400, {
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    CancellationReasons: codes.map((Code, place) => ({ Code, Message: Code, ...(Code !== 'None' && { Item: { place } }) })),
  });

describe('what comes while the emulator writes goes together', () => {
  test('the first alone and at once, the others as one, no item twice in it', async () => {
    const { asked, all } = emulator(() => answered(200));
    const answers = await all(['a', 'b', 'c', 'b', 'd']);
    expect(asked).toEqual([['a'], ['b', 'c', 'd'], ['b']]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  test('a group takes 25 at the most', async () => {
    const { asked, all } = emulator(() => answered(200));
    await all(Array.from({ length: 60 }, (_, n) => String(n)));
    expect(asked.map((group) => group.length)).toEqual([1, 25, 25, 9]);
  });

  test('who is refused is told so, with the item; the others go on', async () => {
    const { asked, all } = emulator((members) =>
      members.length > 1 && members.includes('bad')
        ? cancelled(members.map((one) => (one === 'bad' ? 'ConditionalCheckFailed' : 'None')))
        : answered(200),
    );
    const answers = await all(['first', 'a', 'bad', 'b']);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 200]);
    expect(JSON.parse(String(answers[2]?.body))).toMatchObject({
      __type: expect.stringContaining('ConditionalCheckFailedException'),
      Item: { place: 1 },
    });
    expect(asked).toEqual([['first'], ['a', 'bad', 'b'], ['a', 'b']]);
  });

  test('what is at fault by itself hears it by itself, and holds up nobody', async () => {
    const { asked, all } = emulator((members) => {
      if (!members.includes('odd')) return answered(200);
      return members.length === 1
        ? answered(400, { __type: 'ValidationException' })
        : answered(400, { __type: 'ValidationException: one of them' });
    });
    const answers = await all(['first', 'a', 'odd', 'b']);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 200]);
    expect(asked).toEqual([['first'], ['a', 'odd', 'b'], ['a'], ['odd'], ['b']]);
  });

  test('when nobody knows what became of a group, each is told that', async () => {
    const { asked, all } = emulator((members) => (members.length > 1 ? answered(500) : answered(200)));
    expect((await all(['first', 'a', 'b'])).map(({ status }) => status)).toEqual([200, 500, 500]);
    expect(asked).toHaveLength(2);
  });
});

test('when the emulator cannot be asked, each of a group hears it, and later writes go on', async () => {
  let asked = 0;
  const groups = new WriteGroups(async () => {
    asked += 1;
    if (asked === 2) throw new Error('gone');
    return answered(200);
  });
  const all = await Promise.allSettled(['first', 'a', 'b'].map((item) => groups.write(write(item))));
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect((await groups.write(write('later'))).status).toBe(200);
});

describe('against the emulator', () => {
  const TableName = 'things';
  let cloud: Cloud;
  let client: DynamoDBClient;
  beforeAll(async () => {
    cloud = await cloudInProcess(smallStack);
    client = new DynamoDBClient({});
  });
  afterAll(async () => {
    client.destroy();
    await cloud.close();
  });

  test('of 300 at once each is done, or refused with the item that was there, and costs what it costs alone', async () => {
    const put = (id: number) =>
      client.send(
        new PutItemCommand({
          TableName,
          Item: { pk: { S: `item ${id}` }, group: { S: 'g' }, n: { N: String(id) } },
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
    await put(0);
    const before = structuredClone(cloud.usage().operations.dynamodb);
    // Each id twice: one of the two is refused.
    const ids = Array.from({ length: 300 }, (_, place) => 1 + Math.floor(place / 2));
    const outcomes = await Promise.allSettled(ids.map(put));
    const refused = outcomes.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(150);
    for (const { reason } of refused)
      expect(reason).toMatchObject({ name: 'ConditionalCheckFailedException', Item: { group: { S: 'g' } } });
    const { requests, writeUnits } = cloud.usage().operations.dynamodb;
    expect(requests - before.requests).toBeLessThan(200);
    // A unit for the item and one for the index; one for a refusal.
    expect(writeUnits - before.writeUnits).toBe(450);
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: { pk: { S: 'item 150' } }, ConsistentRead: true }));
    expect(Item?.['n']?.N).toBe('150');
  });

  test('writes of one item at once are all done, one after the other', async () => {
    const add = () =>
      client.send(
        new UpdateItemCommand({
          TableName,
          Key: { pk: { S: 'sum' } },
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        }),
      );
    await Promise.all(Array.from({ length: 100 }, add));
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: { pk: { S: 'sum' } }, ConsistentRead: true }));
    expect(Item?.['n']?.N).toBe('100');
  });
});
