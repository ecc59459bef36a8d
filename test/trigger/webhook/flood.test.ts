import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, ONE_STEP, startApi } from '../../edge/api.ts';
import { howMany } from '../../harness/how-many.ts';
import { all, deliver } from './sender.ts';

/** 1,000 in `npm run soak`. */
const DELIVERIES = howMany('FLOOD', 200);
const DUPLICATES = DELIVERIES / 10;

let api: Api;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

test('hundreds at once, a tenth of them twice: a run for each, a delivery for all', { timeout: 120_000 }, async () => {
  const workflow = await api.publish(ONE_STEP);
  const { body: hook } = await api.post(`/v1/workflows/${workflow}/webhooks`, { name: 'flood', scheme: 'sha256' });
  const numbers = Array.from({ length: DELIVERIES }, (_, n) => n % (DELIVERIES - DUPLICATES));
  const heard = await Promise.all(numbers.map(async (n) => ({ n, ...(await deliver(hook.url, hook.secret, n)) })));

  expect(heard.filter(({ status }) => status !== 202)).toEqual([]);
  expect(heard.filter(({ outcome }) => outcome === 'duplicate')).toHaveLength(DUPLICATES);

  const deliveries = await all(api, `/v1/deliveries?workflow_id=${workflow}`);
  expect(new Set(deliveries.map(({ id }) => id))).toEqual(new Set(heard.map(({ delivery }) => delivery)));
  const runs = await all(api, `/v1/workflows/${workflow}/runs`);
  expect(runs).toHaveLength(DELIVERIES - DUPLICATES);
  expect(new Set(deliveries.map(({ run_id }) => run_id))).toEqual(new Set(runs.map(({ id }) => id)));
});
