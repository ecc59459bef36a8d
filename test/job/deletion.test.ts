import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, startApi } from '../edge/api.ts';

let api: Api;
let workflow: string;
beforeAll(async () => {
  api = await startApi();
  workflow = await api.publish("  - id: only\n    set: { text: '${ $input.text }' }\n");
});
afterAll(() => api.close());

const ended = async (inputs: object) => (await api.ended((await api.start(workflow, inputs)).body.id)).id as string;
const dry = async (body: object) => (await api.post('/v1/jobs', { ...body, dry_run: true })).body;

test('before runs are deleted it is said what goes with them, and which tests stay without them', async () => {
  const large = await ended({ text: 'x'.repeat(100_000) });
  const [talked, plain] = [await ended({ text: 'a' }), await ended({ text: 'b' })];
  for (const text of ['The ERP was down.', 'It is up again.']) await api.post(`/v1/runs/${talked}/comments`, { text });
  const test = (await api.post(`/v1/workflows/${workflow}/tests`, { run_id: talked, name: 'talked of' })).body;
  const live = (await api.start(await api.publish('  - id: pause\n    wait: 1h\n'))).body.id;
  await api.post(`/v1/runs/${live}/comments`, { text: 'It lives.' });

  const body = { verb: 'delete', run_ids: [large, talked, plain, live] };
  const { would, exclusions, loss } = await dry(body);
  expect([would, exclusions.length]).toEqual([3, 1]);
  expect(loss).toEqual({
    comments: 2,
    values: expect.any(Number),
    value_bytes: expect.any(Number),
    tests: { count: 1, items: [{ id: test.id, name: 'talked of', workflow_id: workflow, run_id: talked }] },
  });
  expect(loss.values).toBeGreaterThanOrEqual(2);
  expect(loss.value_bytes).toBeGreaterThanOrEqual(200_000);
  expect((await api.get(`/v1/runs/${talked}`)).status).toBe(200);

  const nothing = { comments: 0, values: 0, value_bytes: 0, tests: { count: 0, items: [] } };
  expect((await dry({ verb: 'delete', run_ids: [plain] })).loss).toEqual(nothing);
  expect((await dry({ verb: 'delete', run_ids: [live] })).loss).toEqual(nothing);
  expect((await dry({ verb: 'archive', run_ids: [plain] })).loss).toBe(null);

  const { id } = (await api.post('/v1/jobs', body)).body;
  await expect.poll(async () => (await api.get(`/v1/jobs/${id}`)).body.status, { timeout: 15_000 }).toBe('completed');
  expect((await api.get(`/v1/runs/${talked}`)).status).toBe(404);
  expect((await api.get(`/v1/workflows/${workflow}/tests/${test.id}`)).body).toEqual(test);
});

test('a run whose outputs a test goes by is named with it, though the test was made of another', async () => {
  const first = await ended({ text: 'a' });
  const of = `/v1/workflows/${workflow}`;
  const test = (await api.post(`${of}/tests`, { run_id: first })).body;
  const { id, results } = (await api.post(`${of}/test-runs`, { test_ids: [test.id] })).body;
  await api.ended(results[0].run_id);
  await api.post(`${of}/test-runs/${id}/accept`, { test_ids: [test.id] });
  const { loss } = await dry({ verb: 'delete', run_ids: [results[0].run_id] });
  expect(loss.tests.items).toMatchObject([{ id: test.id, run_id: first }]);
});
