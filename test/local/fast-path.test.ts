import { createServer } from 'node:http';
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceNotFoundException,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { SFNClient, StartExecutionCommand, StartSyncExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cloud } from '../../local/cloud.ts';
import { serveDynamoDb } from '../../local/fast-path/dynamodb.ts';
import { intercept } from '../../local/fast-path/intercept.ts';
import { hangUp, listen } from '../../local/listen.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { smallStack } from './small-stack.ts';

const RUNS = 'arn:aws:states:us-east-1:000000000000:stateMachine:runs';
const TableName = 'things';

/** Everything that the two ways must agree on, errors and bytes included. */
async function whatComesOfIt(cloud: Cloud, dynamodb: DynamoDBClient, stepFunctions: SFNClient) {
  const outcome = (work: Promise<object>) =>
    work.then(
      (answer) => Object.fromEntries(Object.entries(answer).filter(([name]) => name !== '$metadata')),
      (error: Error & { Item?: unknown; CancellationReasons?: unknown; $metadata: { httpStatusCode: number } }) => ({
        name: error.name,
        message: error.message,
        class: error.constructor.name,
        Item: error.Item,
        reasons: error.CancellationReasons,
        status: error.$metadata.httpStatusCode,
      }),
    );
  const pk = { S: 'one' };
  const bytes = new Uint8Array([0, 1, 254, 255]);
  const before = cloud.usage().operations.dynamodb;
  const outcomes = {
    put: await outcome(
      dynamodb.send(
        new PutItemCommand({
          TableName,
          Item: {
            pk,
            group: { S: 'a "B":" b' },
            B: { S: 'named B' },
            bytes: { B: bytes },
            buffer: { B: Buffer.from(bytes) },
            many: { BS: [bytes, new Uint8Array([7])] },
            nested: { M: { list: { L: [{ B: bytes }, { N: '12345678901234567890' }, { NULL: true }] } } },
          },
        }),
      ),
    ),
    get: await outcome(dynamodb.send(new GetItemCommand({ TableName, Key: { pk } }))),
    none: await outcome(dynamodb.send(new GetItemCommand({ TableName, Key: { pk: { S: 'none' } } }))),
    query: await outcome(
      dynamodb.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': pk },
          FilterExpression: undefined,
        }),
      ),
    ),
    update: await outcome(
      dynamodb.send(
        new UpdateItemCommand({
          TableName,
          Key: { pk },
          UpdateExpression: 'SET n = :n',
          ExpressionAttributeValues: { ':n': { N: '1' } },
          ReturnValues: 'UPDATED_NEW',
        }),
      ),
    ),
    refused: await outcome(
      dynamodb.send(
        new PutItemCommand({
          TableName,
          Item: { pk },
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    ),
    cancelled: await outcome(
      dynamodb.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Put: { TableName, Item: { pk: { S: 'two' } } } },
            { Put: { TableName, Item: { pk }, ConditionExpression: 'attribute_not_exists(pk)' } },
          ],
        }),
      ),
    ),
    invalid: await outcome(
      dynamodb.send(new QueryCommand({ TableName, KeyConditionExpression: 'nonsense', ExpressionAttributeValues: {} })),
    ),
    missing: await outcome(dynamodb.send(new GetItemCommand({ TableName: 'nothing', Key: { pk } }))),
    started: await outcome(stepFunctions.send(new StartExecutionCommand({ stateMachineArn: RUNS, name: 'a' }))),
    unknown: await outcome(stepFunctions.send(new StartExecutionCommand({ stateMachineArn: `${RUNS}-none` }))),
    sync: await outcome(
      stepFunctions.send(
        new StartSyncExecutionCommand({
          stateMachineArn: RUNS,
          name: 'b',
          input: '{"run":{"turns":[{"next":"failed","error":"No","cause":"why"}]},"execution":1,"turn":0}',
        }),
      ),
    ),
  };
  const after = cloud.usage().operations.dynamodb;
  const usage = { requests: after.requests - before.requests, writeUnits: after.writeUnits - before.writeUnits };
  const { $metadata } = await stepFunctions.send(new StartExecutionCommand({ stateMachineArn: RUNS }));
  // Over HTTP an answer has a number.
  return { outcomes, usage, overHttp: $metadata.requestId !== undefined };
}

const varying = /"(executionArn|startDate|stopDate|billingDetails)":("[^"]*"|\{[^}]*\}),?/g;
const comparable = (value: object) =>
  JSON.parse(
    JSON.stringify(value, (_, one) => (one instanceof Uint8Array ? [...one] : one))
      .replaceAll(varying, '')
      .replaceAll(',}', '}'),
  );

describe('the fast path', () => {
  const found: Awaited<ReturnType<typeof whatComesOfIt>>[] = [];

  beforeAll(async () => {
    const dynamodb = new DynamoDBClient({ maxAttempts: 1 });
    const stepFunctions = new SFNClient({ maxAttempts: 1 });
    for (const fastPath of [true, false]) {
      const cloud = await cloudInProcess(smallStack, undefined, { fastPath });
      found.push(await whatComesOfIt(cloud, dynamodb, stepFunctions));
      await cloud.close();
    }
  });

  test('answers and refuses as the long way does, and counts the same', () => {
    const [fast, slow] = found;
    expect(comparable(fast?.outcomes ?? {})).toEqual(comparable(slow?.outcomes ?? {}));
    expect(fast?.usage).toEqual(slow?.usage);
    expect([fast?.overHttp, slow?.overHttp]).toEqual([false, true]);
    expect(fast?.usage.requests).toBe(9);
  });

  test('bytes are bytes, and instants are dates', () => {
    for (const { outcomes } of found) {
      expect(outcomes.get).toMatchObject({
        Item: { bytes: { B: new Uint8Array([0, 1, 254, 255]) }, buffer: { B: new Uint8Array([0, 1, 254, 255]) } },
      });
      expect(outcomes.started).toMatchObject({ startDate: expect.any(Date) });
      expect(outcomes.sync).toMatchObject({ status: 'FAILED', error: 'No', stopDate: expect.any(Date) });
    }
  });
});

describe('beside it', () => {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume().on('end', () => response.end(JSON.stringify({ Item: { from: { S: 'the port' } } })));
  });
  let port = 0;
  let client: DynamoDBClient;
  const get = () => client.send(new GetItemCommand({ TableName, Key: { pk: { S: 'RUN#1' } } }));
  const answer = (status: number, body: object) => ({ status, requestId: 'r-1', body: Buffer.from(JSON.stringify(body)) });
  const fast = (serve: Parameters<typeof serveDynamoDb>[0]) =>
    intercept(DynamoDBClient.prototype, { port, variable: 'AWS_ENDPOINT_URL_DYNAMODB' }, serveDynamoDb(serve));

  beforeAll(async () => {
    port = await listen(server, 0, 'PORT');
    client = new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  });
  afterAll(async () => {
    client.destroy();
    await hangUp(server);
  });

  test('a client of elsewhere, a call with options and everything after its end take the long way', async () => {
    const end = fast(async () => answer(200, { Item: { from: { S: 'the fast path' } } }));
    // Where a client with an endpoint of its own sends to is known after its first call.
    await get();
    requests = 0;
    expect(await get()).toMatchObject({ Item: { from: { S: 'the fast path' } }, $metadata: { requestId: 'r-1' } });
    expect(requests).toBe(0);
    const abortSignal = new AbortController().signal;
    const command = new GetItemCommand({ TableName, Key: { pk: { S: 'RUN#1' } } });
    expect(await client.send(command, { abortSignal })).toMatchObject({ Item: { from: { S: 'the port' } } });
    end();
    expect(await get()).toMatchObject({ Item: { from: { S: 'the port' } } });
    expect(requests).toBe(2);
  });

  test.each([
    [500, { __type: 'InternalServerError' }],
    [400, { __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException', message: 'slow down' }],
  ])('what the SDK would try again is tried again by the SDK: %i', async (status, body) => {
    const end = fast(async () => answer(status, body));
    requests = 0;
    expect(await get()).toMatchObject({ Item: { from: { S: 'the port' } } });
    expect(requests).toBe(1);
    end();
  });

  test('errors are of the classes of the SDK', async () => {
    const refuse = (type: string, more: object = {}) =>
      fast(async () => answer(400, { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'no', ...more }));
    const thrown = async (end: () => void) => {
      const error: unknown = await get().catch((error: unknown) => error);
      end();
      return error;
    };
    expect(await thrown(refuse('ConditionalCheckFailedException', { Item: { n: { N: '1' } } }))).toSatisfy(
      (error) => error instanceof ConditionalCheckFailedException && error.Item?.['n']?.N === '1',
    );
    expect(await thrown(refuse('TransactionCanceledException', { CancellationReasons: [{ Code: 'None' }] }))).toSatisfy(
      (error) => error instanceof TransactionCanceledException && error.CancellationReasons?.[0]?.Code === 'None',
    );
    expect(await thrown(refuse('ResourceNotFoundException'))).toBeInstanceOf(ResourceNotFoundException);
    expect(await thrown(refuse('ValidationException'))).toMatchObject({ name: 'ValidationException', $fault: 'client' });
  });
});
