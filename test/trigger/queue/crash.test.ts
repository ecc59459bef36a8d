import { join } from 'node:path';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readCredential } from '../../../local/aws/credential.ts';
import { howMany } from '../../harness/how-many.ts';
import { Installation } from '../../harness/installation.ts';
import { all } from '../webhook/sender.ts';

const ROUNDS = howMany('ROUNDS', 1);
const MESSAGES = 60;
const setting = new Installation();

beforeAll(() => setting.start());
afterAll(() => setting.close());

const get = (path: string) => setting.api.call('GET', path);

test('a kill between taking messages and removing them loses none and starts nothing twice', {
  timeout: 60_000 * ROUNDS,
}, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const workflow = await setting.api.publish({ steps: [{ id: 'only', set: { n: '${ $input.n }' } }] });
    const made = await setting.api.expect(201, 'POST', `/v1/workflows/${workflow}/queues`, { name: 'crash' });
    const { id, queue_url } = made as { id: string; queue_url: string };
    const sqs = new SQSClient({
      endpoint: setting.cloudUrl ?? '',
      region: 'us-east-1',
      credentials: readCredential(join(setting.dataDir, 'credentials')),
    });
    const MessageAttributes = { queue_id: { DataType: 'String', StringValue: id } };
    await Promise.all(
      Array.from({ length: MESSAGES }, (_, n) =>
        sqs.send(new SendMessageCommand({ QueueUrl: queue_url, MessageBody: JSON.stringify({ n }), MessageAttributes })),
      ),
    );
    sqs.destroy();
    const runs = () => all({ get }, `/v1/workflows/${workflow}/runs`);
    const killAfter = Math.ceil(((MESSAGES - 20) * (round + 1)) / (ROUNDS + 1));
    await vi.waitUntil(async () => (await runs()).length >= killAfter, { timeout: 20_000, interval: 5 });
    await setting.crash();
    expect(setting.kills).toBe(round + 1);

    await vi.waitUntil(async () => (await runs()).length >= MESSAGES, { timeout: 30_000, interval: 50 });
    const deliveries = await vi.waitFor(async () => {
      const found = await all({ get }, `/v1/deliveries?workflow_id=${workflow}`);
      expect(new Set(found.map(({ key }) => key)).size).toBe(MESSAGES);
      return found;
    }, 20_000);
    const found = await runs();
    expect(found).toHaveLength(MESSAGES);
    const started = new Set(found.map(({ id }) => id));
    expect(deliveries.filter(({ run_id }) => !started.has(run_id))).toEqual([]);
    expect(deliveries.map(({ outcome }) => outcome).filter((one) => one !== 'accepted' && one !== 'duplicate')).toEqual([]);
  }
});
