import '../../harness/quiet.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { closedUntil } from '../../../shared/workflow/maintenance.ts';
import { type Answered, type Api, expectRefusal, startApi } from '../../edge/api.ts';
import { engine, later, swept } from '../setting-engine.ts';

const HOUR_MS = 3_600_000;
const STEPS = '  - id: only\n    set: {}\n';

let api: Api;
let key: string;
beforeAll(async () => {
  api = await startApi();
  key = await api.keyOf({});
});
afterAll(() => api.close());

const put = (window: unknown, ask = { key }) => api.call('PUT', '/v1/settings/maintenance', { ...ask, body: { window } });
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const on = () => ({ from: inMs(-1_000), until: inMs(HOUR_MS), reason: 'new database' });

/** The engine when that time has come, which reads settings anew. */
const engineIn = (ms: number) => later(engine(), ms);
const runOf = async (id: string): Promise<Answered['body']> => (await api.get(`/v1/runs/${id}`)).body;

test('what is started in a window waits until its end, says so, and goes on', async () => {
  const workflow = await api.publish(STEPS);
  const window = on();
  expect((await put(window)).body).toEqual({ window, active: true });
  const { status, body } = await api.start(workflow);
  expect([status, body.status, body.reason]).toEqual([201, 'pending', `queued: maintenance until ${window.until}`]);
  expect(body.queue).toMatchObject({ until: window.until, before: null, limit: null });
  await swept(engineIn(20 * 60_000));
  expect((await runOf(body.id)).status).toBe('pending');
  await swept(engineIn(HOUR_MS + 1_000));
  expect((await api.ended(body.id)).status).toBe('succeeded');
  expect((await put(null)).body).toEqual({ window: null, active: false });
});

test('a window that is ended early lets runs go on, with the next look at them', async () => {
  const workflow = await api.publish(STEPS);
  await put(on());
  const { body } = await api.start(workflow);
  expect(body.status).toBe('pending');
  await put(null);
  const services = engineIn(16 * 60_000);
  await services.workflows.maintenance('local', 'now');
  await swept(services);
  expect((await api.ended(body.id)).status).toBe('succeeded');
});

test('what shares a limit waits for both', async () => {
  const workflow = await api.publish('  - id: hold\n    wait: 5s\n', { top: 'concurrency: { limit: 1 }' });
  await put(on());
  const both = [(await api.start(workflow)).body, (await api.start(workflow)).body];
  expect(both.map(({ reason }) => reason)).toEqual(Array(2).fill(expect.stringMatching(/^queued: maintenance until /)));
  await put(null);
  const services = engineIn(16 * 60_000);
  await services.workflows.maintenance('local', 'now');
  await swept(services);
  await vi.waitFor(async () => {
    const seen = await Promise.all(both.map(({ id }) => runOf(id)));
    expect(seen.filter(({ started_at }) => started_at !== null)).toHaveLength(1);
  });
  await Promise.all(
    both.map(({ id }) => api.post(`/v1/workflows/${workflow}/command`, { command: 'stop', run_id: id, params: {} })),
  );
});

test('a window that is over, or still to come, closes nothing', async () => {
  await put({ from: inMs(HOUR_MS), until: inMs(2 * HOUR_MS) });
  const workflow = await api.publish(STEPS);
  expect((await api.get('/v1/settings/maintenance')).body.active).toBe(false);
  expect((await api.ended((await api.start(workflow)).body.id)).status).toBe('succeeded');
  await put(null);
});

test('bad windows are refused, and who is of one project may set none', async () => {
  const [from, until] = [inMs(0), inMs(HOUR_MS)];
  expectRefusal(await put({ from: until, until: from }), 400, 'until');
  expectRefusal(await put({ from, until: inMs(31 * 24 * HOUR_MS) }), 400, 'until');
  expectRefusal(await put({ from, until: 'tomorrow' }), 400, 'until');
  expectRefusal(await put({ from, until, why: 'x' }), 400);
  expectRefusal(await put(undefined), 400, 'window');
  expectRefusal(await put({ from, until }, { key: await api.keyOf({ project: 'examples' }) }), 403);
  expectRefusal(await put({ from, until }, { key: await api.keyOf({ role: 'editor' }) }), 403);
});

test('the first instant of a window is in it, the last is not', () => {
  const window = { from: '2026-11-28T10:00:00Z', until: '2026-11-28T12:00:00+01:00' };
  const at = (time: string) => closedUntil(window, new Date(time));
  expect(at('2026-11-28T09:59:59.999Z')).toBeUndefined();
  expect(at('2026-11-28T10:00:00.000Z')).toBe('2026-11-28T11:00:00.000Z');
  expect(at('2026-11-28T11:00:00.000Z')).toBeUndefined();
});
