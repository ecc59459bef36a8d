import {
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Api, expectRefusal, startApi } from '../../edge/api.ts';

let api: Api;
let sqs: SQSClient;
beforeAll(async () => {
  api = await startApi();
  sqs = new SQSClient({ endpoint: api.cloud.cloudUrl, region: 'us-east-1' });
});
afterAll(async () => {
  sqs.destroy();
  await api.close();
});

const ECHO = '  - id: only\n    set: { got: "${ $input }" }\n';

async function queueOf(more: object = {}, top = '') {
  const workflow = await api.publish(ECHO, { top });
  const made = await api.post(`/v1/workflows/${workflow}/queues`, { name: 'orders', ...more });
  expect(made.status, made.text).toBe(201);
  return { ...made.body, workflow, path: `/v1/workflows/${workflow}/queues/${made.body.id}` };
}

const text = (StringValue: string) => ({ DataType: 'String', StringValue });

async function send(queue: { id: string; queue_url: string }, body: string, more: Partial<SendMessageCommandInput> = {}) {
  const { MessageAttributes, ...rest } = more;
  const attributes = { queue_id: text(queue.id), ...MessageAttributes };
  const sent = { QueueUrl: queue.queue_url, MessageBody: body, MessageAttributes: attributes, ...rest };
  return (await sqs.send(new SendMessageCommand(sent))).MessageId;
}

/** The deliveries of a workflow, newest first, once there are so many. */
const deliveriesOf = (workflow: string, count: number) =>
  vi.waitFor(
    async () => {
      const { body } = await api.get(`/v1/deliveries?workflow_id=${workflow}&limit=100`);
      expect(body.items).toHaveLength(count);
      return body.items;
    },
    { timeout: 20_000, interval: 20 },
  );

async function leftIn(url: string) {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.['ApproximateNumberOfMessages']);
}

describe('a message of the inbox', () => {
  test('that names a queue starts its workflow, leaves a delivery and goes', async () => {
    const queue = await queueOf();
    const messageId = await send(queue, '{"order": 8202522731445525542}');
    const [delivery] = await deliveriesOf(queue.workflow, 1);
    expect(delivery).toMatchObject({
      trigger: 'queue',
      trigger_id: queue.id,
      outcome: 'accepted',
      source: 'millrun-inbox',
      key: messageId,
      size: 30,
    });
    const run = await api.ended(delivery.run_id);
    expect(run).toMatchObject({ trigger: 'queue', trigger_id: queue.id, stage: 'Published', status: 'succeeded' });
    expect(run.actor).toMatchObject({ kind: 'trigger', id: queue.id, name: 'orders' });
    expect((await api.get(`/v1/runs/${run.id}`)).text).toContain('"order":8202522731445525542');
    await vi.waitFor(async () => expect(await leftIn(queue.queue_url)).toBe(0));
  });

  test('is mapped from its body, its attributes and what SQS says of it', async () => {
    const mapping =
      '{"id": body.id, "kind": attributes.kind, "bytes": attributes.raw, "from": message.queue, "sent": message.sent_at}';
    const queue = await queueOf({ mapping });
    const raw = { DataType: 'Binary', BinaryValue: Buffer.from('hi') };
    await send(queue, '{"id": 7}', { MessageAttributes: { kind: text('new'), raw } });
    const [{ run_id }] = await deliveriesOf(queue.workflow, 1);
    const { inputs } = await api.ended(run_id);
    expect(inputs).toEqual({ id: 7, kind: 'new', bytes: 'aGk=', from: 'millrun-inbox', sent: expect.stringMatching(/^20.*Z$/) });
  });

  test('that is no object is the input body', async () => {
    const queue = await queueOf();
    await send(queue, 'not { JSON');
    const [{ run_id }] = await deliveriesOf(queue.workflow, 1);
    expect((await api.ended(run_id)).inputs).toEqual({ body: 'not { JSON' });
  });

  test('that does not meet the condition is skipped', async () => {
    const queue = await queueOf({ if: "attributes.kind = 'new'" });
    await send(queue, '{}', { MessageAttributes: { kind: text('old') } });
    const [delivery] = await deliveriesOf(queue.workflow, 1);
    expect(delivery).toMatchObject({ outcome: 'skipped', reason: "The queue's condition was false.", run_id: null });
  });

  test.each([
    ['no inputs of the workflow', {}, '{"n": "text"}', /n must be a whole number/],
    ['no inputs at all by its mapping', { mapping: 'body.n' }, '{"n": 1}', /gives no object of inputs/],
    ['a field that merges badly', {}, '{"__proto__": {}}', /__proto__/],
    ['no answer of its condition', { if: '$number(body.n) > 1' }, '{"n": "x"}', /condition of the queue/],
  ])('that can never be taken is a rejected delivery, once: %s', async (_, more, body, reason) => {
    const queue = await queueOf(more, 'input: { type: object, properties: { n: { type: integer } } }');
    await send(queue, body);
    const [delivery] = await deliveriesOf(queue.workflow, 1);
    expect(delivery).toMatchObject({ outcome: 'rejected', run_id: null });
    expect(delivery.reason).toMatch(reason);
    await vi.waitFor(async () => expect(await leftIn(queue.queue_url)).toBe(0));
  });

  test('of a mebibyte, the most that SQS takes, is turned away with its reason or starts its run', async () => {
    const queue = await queueOf({ mapping: '{"bytes": $length(body.t)}' });
    const body = JSON.stringify({ t: 'x'.repeat(1024 * 1024 - 100) });
    await send(queue, body);
    const [delivery] = await deliveriesOf(queue.workflow, 1);
    expect(delivery).toMatchObject({ outcome: 'accepted', size: body.length });
    await expect(send(queue, `${body}${' '.repeat(200)}`)).rejects.toThrow(/shorter than 1048576/);
  });

  test('that comes while the queue is turned off can be redelivered, when it is mapped otherwise too', async () => {
    const queue = await queueOf({ enabled: false });
    await send(queue, '{"n": 1}', { MessageAttributes: { 'api-key': text('hush') } });
    const [delivery] = await deliveriesOf(queue.workflow, 1);
    expect(delivery).toMatchObject({ outcome: 'rejected', reason: 'The queue "orders" is turned off.' });
    const changed = await api.call('PATCH', queue.path, { body: { enabled: true, mapping: '{"m": body.n}' } });
    expect(changed.body).toMatchObject({ enabled: true, mapping: '{"m": body.n}' });

    const raw = await api.get(`/v1/deliveries/${delivery.id}/raw`);
    expect(raw.headers.get('content-disposition')).toContain(`${delivery.id}.json`);
    expect(raw.body).toMatchObject({ id: delivery.key, body: '{"n": 1}', attributes: { 'api-key': '***' } });

    const again = await api.post(`/v1/deliveries/${delivery.id}/redeliver`, {});
    expect(again.body).toMatchObject({ outcome: 'accepted', redeliveries: 1 });
    const run = await api.ended(again.body.run_id);
    expect(run).toMatchObject({ trigger: 'queue', inputs: { m: 1 } });
  });
});

test('messages for no queue stay for the dead letters and hold nobody up', async () => {
  const queue = await queueOf();
  const nobody = { id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', queue_url: queue.queue_url };
  const Entries = [
    { Id: 'a', MessageBody: '1' },
    { Id: 'b', MessageBody: '2', MessageAttributes: { queue_id: text(nobody.id) } },
    { Id: 'c', MessageBody: '3', MessageAttributes: { queue_id: text(queue.id) } },
  ];
  const { Successful } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.queue_url, Entries }));
  expect(Successful).toHaveLength(3);
  await deliveriesOf(queue.workflow, 1);
  await vi.waitFor(async () => expect(await leftIn(queue.queue_url)).toBe(2));
});

test('messages of a FIFO group start their runs in order, and one that is sent twice starts one', async () => {
  const queue = await queueOf();
  const sent = Array.from({ length: 15 }, (_, n) => ({ n, group: 'abc'.charAt(n % 3) }));
  for (const { n, group } of [...sent, { n: 14, group: 'c' }])
    await send({ ...queue, queue_url: queue.fifo_queue_url }, JSON.stringify({ n }), {
      MessageGroupId: group,
      MessageDeduplicationId: `order-${n}`,
    });
  const deliveries = (await deliveriesOf(queue.workflow, sent.length)).toReversed();
  const runs = await Promise.all(deliveries.map(({ run_id }: { run_id: string }) => api.ended(run_id)));
  const numbers = runs.map(({ inputs }) => Number(inputs.n));
  for (const rest of [0, 1, 2]) expect(numbers.filter((n) => n % 3 === rest)).toEqual([0, 3, 6, 9, 12].map((n) => n + rest));
  await expect(send({ ...queue, queue_url: queue.fifo_queue_url }, '{}')).rejects.toThrow(/MessageGroupId/);
});

describe('the settings of a queue', () => {
  test('are shown, listed, changed and deleted; its deliveries stay', async () => {
    const { path, workflow, id } = await queueOf({ mapping: 'body' });
    expect((await api.get(path)).body).toMatchObject({
      id,
      source: null,
      queue_url: expect.stringMatching(/\/millrun-inbox$/),
      fifo_queue_url: expect.stringMatching(/\/millrun-inbox\.fifo$/),
    });
    expect((await api.get(`/v1/workflows/${workflow}/queues`)).body.items).toMatchObject([{ id }]);
    const bare = await api.call('PATCH', path, { body: { mapping: null, name: 'renamed' } });
    expect(bare.body).toMatchObject({ name: 'renamed', mapping: null });
    expect((await api.call('DELETE', path)).status).toBe(204);
    expectRefusal(await api.get(path), 404);
    expect((await api.get(`/v1/workflows/${workflow}/queues`)).body.items).toEqual([]);
  });

  test.each([
    [{}, 'name'],
    [{ name: 'a', secret: 'x' }, 'secret'],
    [{ name: 'a', mapping: '{"a": order}' }, 'mapping'],
    [{ name: 'a', if: '$body.a' }, 'if'],
    [{ name: 'a', source: 'orders' }, 'source'],
    [{ name: 'a', source: 'a:b' }, 'source'],
    [{ name: 'a', enabled: 'yes' }, 'enabled'],
  ])('that cannot be are refused by name: %j', async (body, field) => {
    const workflow = await api.publish(ECHO);
    expectRefusal(await api.post(`/v1/workflows/${workflow}/queues`, body), 400, field);
  });

  test('are found at their own workflow only', async () => {
    const [one, other] = [await queueOf(), await queueOf()];
    expectRefusal(await api.get(`/v1/workflows/${other.workflow}/queues/${one.id}`), 404);
  });
});
