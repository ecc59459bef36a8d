import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Api, startApi, uniqueName } from '../edge/api.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';

let api: Api;
let stub: StubServer;
beforeAll(async () => {
  [api, stub] = await Promise.all([startApi(), startStub()]);
});
afterAll(() => Promise.all([api.close(), stub.close()]));

const RUNS = 5;

/** A connection whose token has been revoked, and runs of two workflows that want to know what to do. */
async function rejected() {
  const name = uniqueName();
  const url = stub.on(`/${name}`, ({ headers }) =>
    headers['authorization'] === 'Bearer good' ? { body: {} } : { status: 401, body: {} },
  );
  const settings = { hosts: [new URL(stub.url).host] };
  const body = { project_id: 'examples', name, type: 'bearer', settings, secret: { token: 'revoked' } };
  const { id } = (await api.post('/v1/connections', body)).body;
  const step = `  - id: call\n    http: { method: GET, url: '${url}', connection: ${name} }\n`;
  const top = `connections: [${name}]\nonError: ask`;
  const workflows = [await api.publish(step, { top }), await api.publish(step.replace('id: call', 'id: other'), { top })];
  const runs: string[] = [];
  for (let made = 0; made < RUNS; made++) runs.push((await api.start(workflows[made % 2] ?? '')).body.id);
  const tasks = await Promise.all(runs.map((run) => api.asked(run)));
  return { id, name, runs, tasks };
}

test('one exception stands for all runs that met the connection: with it mended, one answer lets them all go on', async () => {
  const { id, name, runs, tasks } = await rejected();
  expect(new Set(tasks.map(({ group }) => group)).size).toBe(1);
  expect(tasks[0]).toMatchObject({ error: { name: 'CredentialRejected', message: expect.stringContaining(name) } });
  expect((await api.get(`/v1/connections/${id}`)).body.status).toMatchObject({ state: 'not_connected' });

  // Not mended yet: they ask again.
  const retry = () => api.post('/v1/tasks/answer', { group: tasks[0].group, decision: 'retry' });
  expect((await retry()).status).toBe(202);
  await vi.waitFor(async () => {
    const { body } = await api.get(`/v1/tasks?group=${tasks[0].group}&status=open&limit=100`);
    expect(body.items).toHaveLength(RUNS);
    expect(body.items.filter((one: { id: string }) => tasks.some((before) => before.id === one.id))).toEqual([]);
  }, 20_000);

  await api.call('PATCH', `/v1/connections/${id}`, { body: { secret: { token: 'good' } } });
  await retry();
  for (const run of runs) expect(await api.ended(run)).toMatchObject({ status: 'succeeded' });
  expect((await api.get(`/v1/connections/${id}`)).body.status).toMatchObject({ state: 'connected' });
});

test('an answer to one task is to one run, and other connections are another question', async () => {
  const [first, second] = [await rejected(), await rejected()];
  expect(first.tasks[0].group).not.toBe(second.tasks[0].group);
  await api.post(`/v1/tasks/${first.tasks[0].id}/answer`, { decision: 'fail' });
  expect(await api.ended(first.runs[0] ?? '')).toMatchObject({ status: 'failed', error: { name: 'CredentialRejected' } });
  const { body } = await api.get(`/v1/tasks?group=${first.tasks[0].group}&status=open&limit=100`);
  expect(body.items).toHaveLength(RUNS - 1);
});
