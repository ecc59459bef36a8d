import { createServer } from 'node:http';
import { ConditionalCheckFailedException, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, expect, test } from 'vitest';
import { shortCut } from '../../local/dynamodb/short-cut.ts';
import { hangUp, listen } from '../../local/listen.ts';

let requests = 0;
const server = createServer((request, response) => {
  requests += 1;
  request.resume().on('end', () => response.end(JSON.stringify({ Item: { from: { S: 'the port' } } })));
});
const port = await listen(server, 0, 'PORT');
const client = new DynamoDBClient({
  endpoint: `http://127.0.0.1:${port}`,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

const answer = (status: number, body: object) => ({ status, requestId: 'r-1', body: Buffer.from(JSON.stringify(body)) });
const get = () => client.send(new GetItemCommand({ TableName: 'Runs', Key: { pk: { S: 'RUN#1' } } }));

afterEach(() => {
  requests = 0;
});

test('a call of this process is handed over, and comes through the port again when that has ended', async () => {
  const seen: unknown[] = [];
  const end = shortCut(port, async (target, body) => {
    seen.push([target, JSON.parse(body.toString())]);
    return answer(200, { Item: { from: { S: 'the short cut' } } });
  });
  expect(await get()).toMatchObject({ Item: { from: { S: 'the short cut' } }, $metadata: { requestId: 'r-1' } });
  expect(seen).toEqual([['DynamoDB_20120810.GetItem', { TableName: 'Runs', Key: { pk: { S: 'RUN#1' } } }]]);
  expect(requests).toBe(0);

  end();
  expect(await get()).toMatchObject({ Item: { from: { S: 'the port' } } });
  expect(requests).toBe(1);
});

test('a refusal is the error that it is over the network', async () => {
  const end = shortCut(port, async () =>
    answer(400, {
      __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
      message: 'The conditional request failed',
    }),
  );
  const put = client.send(new PutItemCommand({ TableName: 'Runs', Item: { pk: { S: 'RUN#1' } } }));
  await expect(put).rejects.toThrow(ConditionalCheckFailedException);
  end();
});

test('an answer of the short cut that fails once is asked for again', async () => {
  let calls = 0;
  const end = shortCut(port, async () => {
    calls += 1;
    return calls === 1 ? answer(500, { __type: 'InternalServerError' }) : answer(200, {});
  });
  await get();
  expect(calls).toBe(2);
  end();
  client.destroy();
  await hangUp(server);
});
