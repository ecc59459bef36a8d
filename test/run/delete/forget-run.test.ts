import { DeleteItemCommand, DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Api, startApi } from '../../edge/api.ts';

let api: Api;
let client: DynamoDBClient;
let s3: S3Client;
beforeAll(async () => {
  api = await startApi();
  client = new DynamoDBClient({ endpoint: api.cloud.cloudUrl });
  s3 = new S3Client({ endpoint: api.cloud.cloudUrl, forcePathStyle: true });
});
afterAll(async () => {
  client.destroy();
  s3.destroy();
  await api.close();
});

async function itemsOf(id: string): Promise<string[]> {
  const query = {
    TableName: process.env['RUNS_TABLE'],
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: `RUN#${id}` } },
  };
  const { Items = [] } = await client.send(new QueryCommand(query));
  return Items.flatMap(({ sk }) => sk?.S ?? []);
}

async function objectsOf(id: string): Promise<string[]> {
  const list = new ListObjectsV2Command({ Bucket: process.env['VALUES_BUCKET'], Prefix: `runs/${id}/` });
  const { Contents = [] } = await s3.send(list);
  return Contents.flatMap(({ Key }) => Key ?? []);
}

test('a run whose row expires takes its journal, comments, labels and values along; its neighbour stays whole', async () => {
  const workflow = await api.publish('  - id: only\n    set: { text: "${ $input.text }" }\n');
  const start = async () => {
    const { id } = (await api.start(workflow, { text: 'x'.repeat(20_000) })).body;
    await api.ended(id);
    await api.post(`/v1/runs/${id}/comments`, { text: 'Large.' });
    await api.call('PATCH', `/v1/runs/${id}`, { body: { labels: ['customer:acme'] } });
    return id as string;
  };
  const [gone, stays] = [await start(), await start()];
  for (const id of [gone, stays]) {
    expect((await itemsOf(id)).length).toBeGreaterThanOrEqual(4);
    expect((await objectsOf(id)).length).toBeGreaterThanOrEqual(1);
  }
  const kept = [await itemsOf(stays), await objectsOf(stays)];
  // As DynamoDB does when `expires` is over.
  const row = { pk: { S: `RUN#${gone}` }, sk: { S: 'RUN' } };
  await client.send(new DeleteItemCommand({ TableName: process.env['RUNS_TABLE'], Key: row }));
  await vi.waitFor(async () => expect([await itemsOf(gone), await objectsOf(gone)]).toEqual([[], []]), { timeout: 15_000 });
  expect([await itemsOf(stays), await objectsOf(stays)]).toEqual(kept);
});
