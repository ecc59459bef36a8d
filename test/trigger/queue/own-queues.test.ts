import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Api, expectRefusal, ONE_STEP, startApi } from '../../edge/api.ts';

const url = (name: string) => `https://sqs.us-east-1.amazonaws.com/111122223333/${name}`;
const arn = (name: string) => `arn:aws:sqs:us-east-1:111122223333:${name}`;

let api: Api;
let sqs: SQSClient;
beforeAll(async () => {
  api = await startApi({
    bootstrapWorkspace: 'local',
    bootstrapProject: 'examples',
    inboundQueues: [arn('orders'), `${arn('others')}=elsewhere`],
  });
  sqs = new SQSClient({ endpoint: api.cloud.cloudUrl, region: 'us-east-1' });
});
afterAll(async () => {
  sqs.destroy();
  await api.close();
});

const create = async (source: string, workflow?: string) =>
  api.post(`/v1/workflows/${workflow ?? (await api.publish(ONE_STEP))}/queues`, { name: 'own', source });

test("all messages of one of the owner's queues are for the one trigger that takes them", async () => {
  const workflow = await api.publish(ONE_STEP);
  const made = await create('orders', workflow);
  expect(made.status, made.text).toBe(201);
  expect(made.body).toMatchObject({ source: 'orders', queue_url: null, fifo_queue_url: null });
  await sqs.send(new SendMessageCommand({ QueueUrl: url('orders'), MessageBody: '{"n": 1}' }));
  const [delivery] = await vi.waitFor(async () => {
    const { body } = await api.get(`/v1/deliveries?workflow_id=${workflow}`);
    expect(body.items).toHaveLength(1);
    return body.items;
  }, 20_000);
  expect(delivery).toMatchObject({ outcome: 'accepted', source: 'orders', trigger_id: made.body.id });

  expectRefusal(await create('orders'), 409, 'source');
  expect((await api.call('DELETE', `/v1/workflows/${workflow}/queues/${made.body.id}`)).status).toBe(204);
  expect((await create('orders')).status).toBe(201);
});

test('a queue that is for another workspace, or that no setting names, is refused alike', async () => {
  expectRefusal(await create('others'), 400, 'source');
  expectRefusal(await create('millrun-inbox'), 400, 'source');
});
