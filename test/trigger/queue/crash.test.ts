import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
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

test('a kill between taking messages, or events, and removing them loses none and starts nothing twice', {
  timeout: 60_000 * ROUNDS,
}, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const workflow = await setting.api.publish({ steps: [{ id: 'only', set: { n: '${ $input.n }' } }] });
    const made = await setting.api.expect(201, 'POST', `/v1/workflows/${workflow}/queues`, { name: 'crash' });
    const { id, queue_url } = made as { id: string; queue_url: string };
    const listener = await setting.api.publish({ steps: [{ id: 'only', set: { n: '${ $input.n }' } }] });
    await setting.api.expect(201, 'POST', `/v1/workflows/${listener}/event-rules`, { name: 'crash', source: `crash-${round}` });
    const client = {
      endpoint: setting.cloudUrl ?? '',
      region: 'us-east-1',
      credentials: readCredential(join(setting.dataDir, 'credentials')),
    };
    const sqs = new SQSClient(client);
    const bridge = new EventBridgeClient(client);
    const MessageAttributes = { queue_id: { DataType: 'String', StringValue: id } };
    await Promise.all(
      Array.from({ length: MESSAGES }, (_, n) =>
        sqs.send(new SendMessageCommand({ QueueUrl: queue_url, MessageBody: JSON.stringify({ n }), MessageAttributes })),
      ),
    );
    const entry = (n: number) => ({ Source: `crash-${round}`, DetailType: 'n', Detail: JSON.stringify({ n }) });
    await Promise.all(
      Array.from({ length: MESSAGES / 10 }, (_, batch) =>
        bridge.send(
          new PutEventsCommand({
            Entries: Array.from({ length: 10 }, (_, n) => ({ EventBusName: 'millrun', ...entry(10 * batch + n) })),
          }),
        ),
      ),
    );
    sqs.destroy();
    bridge.destroy();
    const runs = () => all({ get }, `/v1/workflows/${workflow}/runs`);
    const killAfter = Math.ceil(((MESSAGES - 20) * (round + 1)) / (ROUNDS + 1));
    await vi.waitUntil(async () => (await runs()).length >= killAfter, { timeout: 20_000, interval: 5 });
    await setting.crash();
    expect(setting.kills).toBe(round + 1);

    for (const what of [workflow, listener]) {
      const runsOf = () => all({ get }, `/v1/workflows/${what}/runs`);
      await vi.waitUntil(async () => (await runsOf()).length >= MESSAGES, { timeout: 30_000, interval: 50 });
      const deliveries = await vi.waitFor(async () => {
        const found = await all({ get }, `/v1/deliveries?workflow_id=${what}`);
        expect(new Set(found.map(({ key }) => key)).size).toBe(MESSAGES);
        return found;
      }, 20_000);
      const found = await runsOf();
      expect(found).toHaveLength(MESSAGES);
      const started = new Set(found.map(({ id }) => id));
      expect(deliveries.filter(({ run_id }) => !started.has(run_id))).toEqual([]);
      expect(deliveries.map(({ outcome }) => outcome).filter((one) => one !== 'accepted' && one !== 'duplicate')).toEqual([]);
    }
  }
});
