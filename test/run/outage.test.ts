import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { setting } from './setting.ts';

// What the worker logs of its faults is as it should be.
vi.hoisted(() => vi.stubEnv('LOG_LEVEL', 'CRITICAL'));

const at = setting();

afterEach(() => {
  vi.restoreAllMocks();
});

const throttled = () => Promise.reject(Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }));

/** Every call of a service fails for a while, after the SDK's own attempts. */
async function outage(client: typeof DynamoDBClient | typeof S3Client, ms: number): Promise<void> {
  vi.spyOn(client.prototype, 'send').mockImplementation(throttled);
  await sleep(ms);
  vi.restoreAllMocks();
}

describe('an outage that is shorter than a minute fails no run', () => {
  test('of the tables, while steps are in flight', async () => {
    const url = at.stub.on('/outage', { afterMs: 200, body: 1 });
    const run = await at.api.start(
      await at.api.publish({
        steps: [
          { id: 'a', http: { method: 'GET', url } },
          { id: 'each', forEach: { in: '${ [1..3] }', as: 'n', steps: [{ id: 'b', set: { n: '${ $n }' } }] } },
          { id: 'c', http: { method: 'GET', url: `${at.stub.url}/outage/after` } },
        ],
        output: { each: '${ $steps.each.n }' },
      }),
    );
    await at.stub.called('/outage');
    await outage(DynamoDBClient, 1500);
    expect(await at.api.ended(run.id)).toMatchObject({ status: 'succeeded', error: null, outputs: { each: [1, 2, 3] } });
    expect(at.stub.count('/outage')).toBeGreaterThanOrEqual(1);
    expect(at.stub.count('/outage/after')).toBe(1);
  });

  test('of the bucket, while a large value is stored', async () => {
    const url = at.stub.on('/outage/large', { afterMs: 100, body: { text: 'x'.repeat(20_000) } });
    const run = await at.api.start(
      await at.api.publish({
        steps: [{ id: 'a', http: { method: 'GET', url } }],
        output: { length: '${ $length($steps.a.body.text) }' },
      }),
    );
    await at.stub.called('/outage/large');
    await outage(S3Client, 1000);
    expect(await at.api.ended(run.id)).toMatchObject({ status: 'succeeded', outputs: { length: 20_000 } });
  });
});
