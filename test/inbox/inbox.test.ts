import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, expectRefusal, startApi } from '../edge/api.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';

let api: Api;
let stub: StubServer;
let failing: string;
let napping: string;
const ids: string[] = [];

const inbox = async (ask = {}, query = '') => (await api.get(`/v1/inbox${query}`, ask)).body;
const EMPTY = { count: 0, exact: true, items: [] };
const NOTHING = { mine: EMPTY, approvals: EMPTY, exceptions: EMPTY, failed: EMPTY, late: EMPTY, draining: EMPTY, running: EMPTY };

beforeAll(async () => {
  stub = await startStub();
  api = await startApi();
  failing = await api.publish('  - id: no\n    raise: { error: NoStock, message: "order ${ $input.n } is sold out" }\n', {
    top: 'input: { type: object }',
  });
  napping = await api.publish('  - id: nap\n    wait: 1h\n');
});
afterAll(async () => {
  await api.close();
  await stub.close();
});

test('is empty where nothing has happened', async () => {
  expect(await inbox()).toEqual(NOTHING);
});

test('shows what failed, by its cause', async () => {
  for (const n of [1, 2, 3]) ids.push((await api.ended((await api.start(failing, { n })).body.id)).id);
  await api.post('/v1/analytics/recount', {});
  expect((await inbox()).failed).toMatchObject({
    count: 1,
    exact: true,
    items: [{ count: 3, workflow_id: failing, error: { name: 'NoStock' }, sample_run_id: ids.at(-1) }],
  });
});

test('shows what runs and what drains, and no more than the first ten', async () => {
  const hanging = await api.publish(`  - id: call\n    http: { method: GET, url: '${stub.on('/hang', 'hang')}' }\n`);
  const { body: draining } = await api.start(hanging);
  await stub.called('/hang');
  const started = await Promise.all(Array.from({ length: 12 }, () => api.start(napping)));
  const stop = (workflow: string, run_id: string, params: object) =>
    api.post(`/v1/workflows/${workflow}/command`, { command: 'stop', run_id, params });
  await stop(hanging, draining.id, { mode: 'graceful', drain_timeout: 600 });
  const seen = await inbox();
  expect(seen).toMatchObject({ draining: { count: 1, items: [{ id: draining.id }] }, running: { count: 12, exact: true } });
  expect(seen.running.items).toHaveLength(10);
  expect(seen.running.items[0]).toMatchObject({ workflow_id: napping });
  await stop(hanging, draining.id, {});
  for (const { body } of started) await stop(napping, body.id, {});
  expect(await inbox()).toMatchObject({ draining: EMPTY, running: EMPTY });
});

test('shows what people are asked, until they answer or put it off', async () => {
  const ask = "  - id: ask\n    approval: { assignees: [ada@example.com], title: 'Pay?' }\n";
  const fails = `  - id: no\n    http: { method: GET, url: '${stub.on('/broken', { status: 500 })}' }\n    onError: ask\n`;
  const [approving, excepting] = [await api.publish(ask), await api.publish(fails)];
  const runs = [(await api.start(approving)).body.id, (await api.start(excepting)).body.id];
  const [approval, exception] = [await api.asked(runs[0]), await api.asked(runs[1])];
  const seen = await inbox();
  expect(seen).toMatchObject({
    approvals: { count: 1, items: [{ id: approval.id }] },
    exceptions: { count: 1, items: [{ id: exception.id }] },
  });
  expect(seen.mine).toEqual(EMPTY);
  const made = await api.post('/v1/api-keys', {
    name: 'ada',
    role: 'operator',
    project_id: 'examples',
    email: 'Ada@example.com',
  });
  // A key has the address of its holder, and who signs in their own.
  expect((await api.get('/v1/tasks?assignee=ada@example.com&status=open', { key: made.body.key })).body.items).toHaveLength(1);
  await api.call('PATCH', `/v1/tasks/${approval.id}`, { body: { snooze_until: new Date(Date.now() + 3_600_000).toISOString() } });
  expect((await inbox()).approvals).toEqual(EMPTY);
  const answered = await api.post(`/v1/tasks/${exception.id}/answer`, { decision: 'fail' });
  expect(answered.status, answered.text).toBe(200);
  expect((await inbox()).exceptions).toEqual(EMPTY);
  await api.post(`/v1/workflows/${approving}/command`, { command: 'stop', run_id: runs[0], params: {} });
});

test('is that of the caller', async () => {
  expect(await inbox({ key: await api.keyOf({ workspace: 'strangers' }) })).toEqual(NOTHING);
  expect(await inbox({ key: await api.keyOf({ project: 'elsewhere' }) })).toEqual(NOTHING);
  const whole = { key: await api.keyOf({ role: 'viewer' }) };
  expect(await inbox(whole)).toMatchObject({ failed: { count: 1 } });
  expect(await inbox(whole, '?project_id=elsewhere')).toEqual(NOTHING);
  expectRefusal(await api.get('/v1/inbox?project_id=examples', { key: await api.keyOf({ project: 'elsewhere' }) }), 404);
  expectRefusal(await api.get('/v1/inbox?all=true'), 400, 'all');
});
