import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { howMany } from '../../harness/how-many.ts';
import { Installation } from '../../harness/installation.ts';
import { all, deliver, type Heard } from './sender.ts';

const ROUNDS = howMany('ROUNDS', 1);
const DELIVERIES = 60;
const setting = new Installation();

beforeAll(() => setting.start());
afterAll(() => setting.close());

const get = (path: string) => setting.api.call('GET', path);

interface Hook {
  url: string;
  secret: string;
  workflow: string;
}

async function hookOf(): Promise<Hook> {
  const workflow = await setting.api.publish({ steps: [{ id: 'only', set: { n: '${ $input.n }' } }] });
  const made = await setting.api.expect(201, 'POST', `/v1/workflows/${workflow}/webhooks`, { name: 'crash', scheme: 'sha256' });
  return { ...(made as Hook), workflow };
}

/** Sends until it is acknowledged, as senders do. */
async function untilHeard({ url, secret }: Hook, n: number): Promise<Heard> {
  for (;;) {
    try {
      const heard = await deliver(setting.api.url + new URL(url).pathname, secret, n);
      if (heard.status === 202) return heard;
    } catch {
      // It was killed: the delivery may have been let in or not, and nobody has said so.
    }
    await sleep(20);
  }
}

test('a kill in the middle loses nothing that was acknowledged and starts nothing twice', {
  timeout: 60_000 * ROUNDS,
}, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const hook = await hookOf();
    const killAt = Math.ceil(((DELIVERIES - 1) * (round + 1)) / (ROUNDS + 1));
    const acknowledged: Heard[] = [];
    let crashing: Promise<void> | undefined;
    await Promise.all(
      Array.from({ length: DELIVERIES }, async (_, n) => {
        acknowledged.push(await untilHeard(hook, n));
        if (acknowledged.length === killAt) crashing = setting.crash();
      }),
    );
    await crashing;
    expect(setting.kills).toBe(round + 1);
    const before = acknowledged.slice(0, killAt);

    const deliveries = await all({ get }, `/v1/deliveries?workflow_id=${hook.workflow}`);
    const kept = new Set(deliveries.map(({ id }) => id));
    expect(before.filter(({ delivery }) => !kept.has(delivery))).toEqual([]);

    const runs = await all({ get }, `/v1/workflows/${hook.workflow}/runs`);
    // The executions of those that were not started before the kill are the sweeper's business: the run is the promise.
    expect(runs).toHaveLength(DELIVERIES);
    const started = new Set(runs.map(({ id }) => id));
    expect(deliveries.filter(({ run_id }) => !started.has(run_id))).toEqual([]);
  }
});
