import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Api, ONE_STEP, startApi } from '../edge/api.ts';
import { deliver } from '../trigger/webhook/sender.ts';

let api: Api;
let waiting: string;
beforeAll(async () => {
  api = await startApi();
  waiting = await api.publish('  - id: only\n    wait: 1h\n');
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => api.close());

interface Shown {
  act: string;
  reason: string | null;
  after: Record<string, unknown> | null;
}

const recordsOf = async (run: string): Promise<Shown[]> => (await api.get(`/v1/audit?object=${run}&limit=100`)).body.items;
const command = (word: string, run_id: string, params = {}) =>
  api.post(`/v1/workflows/${waiting}/command`, { command: word, run_id, params });

/** The acts on a run, newest first, once there are so many. */
const acts = (run: string, count: number) =>
  vi.waitFor(
    async () => {
      const found = await recordsOf(run);
      expect(found).toHaveLength(count);
      return found;
    },
    { timeout: 15_000, interval: 50 },
  );

test('the history of a run is what people asked of it, newest first; to ask the same again is no act', async () => {
  const run = (await api.start(waiting)).body.id;
  await command('pause', run, { reason: 'the ERP is down' });
  await command('pause', run, { reason: 'still down' });
  await command('resume', run);
  await command('stop', run, { mode: 'graceful', reason: 'wrong order' });
  await api.ended(run);
  expect((await command('stop', run)).status).toBe(409);
  const found = await acts(run, 4);
  expect(found.map(({ act, reason, after }) => [act, reason, after?.['mode']])).toEqual([
    ['run.stop', 'wrong order', 'graceful'],
    ['run.resume', null, undefined],
    ['run.pause', 'the ERP is down', undefined],
    ['run.start', null, undefined],
  ]);
});

test('a start that is an idempotent hit is no second act; one over v2 or of a schedule by hand is one', async () => {
  const workflow = await api.publish(ONE_STEP);
  const again = { headers: { 'idempotency-key': 'once' } };
  const run = (await api.start(workflow, {}, again)).body.id;
  expect((await api.start(workflow, {}, again)).body.id).toBe(run);
  const { body } = await api.post('/v2/runs', { name: 'A run', process_id: workflow, agent_id: 'examples', stage: 'Published' });
  const of = `/v1/workflows/${workflow}/schedules`;
  const { id } = (await api.post(of, { name: 'yearly', expression: 'cron(0 0 1 1 ? *)' })).body;
  const fired = (await api.call('POST', `${of}/${id}/trigger?reason=by-hand`)).body.run_id;
  expect((await acts(fired, 1))[0]).toMatchObject({ act: 'run.start', reason: 'by-hand', after: { trigger: 'schedule' } });
  for (const one of [run, body.id]) expect((await acts(one, 1))[0]).toMatchObject({ act: 'run.start' });
});

test('who has started a run is known when somebody has deleted it', async () => {
  const run = (await api.start(await api.publish(ONE_STEP), {}, {})).body.id;
  await api.ended(run);
  const [started] = await recordsOf(run);
  await api.post('/v1/jobs', { verb: 'delete', run_ids: [run], reason: 'by mistake' });
  const [deleted, ...before] = await acts(run, 2);
  expect(deleted).toMatchObject({ act: 'run.delete', reason: 'by mistake' });
  expect(before).toEqual([started]);
  expect((await api.get(`/v1/runs/${run}`)).status).toBe(404);
});

test('what triggers and runs start is nobody’s act', async () => {
  const name = 'called-by-another';
  await api.post('/v1/workflows', { project_id: 'examples', definition: `format: 1\nname: ${name}\nsteps:\n${ONE_STEP}` });
  const { items } = (await api.get('/v1/workflows')).body;
  const called = items.find((one: { name: string }) => one.name === name).id;
  await api.post(`/v1/workflows/${called}/publish`, {});
  const workflow = await api.publish(`  - id: child\n    run: { workflow: ${name} }\n`);
  const hook = (await api.post(`/v1/workflows/${workflow}/webhooks`, { name: 'orders', scheme: 'sha256' })).body;
  await deliver(hook.url, hook.secret, 1);
  const { body } = await vi.waitFor(async () => {
    const runs = await api.get(`/v1/runs?workflow_id=${called}`);
    expect(runs.body.items).toHaveLength(1);
    return runs;
  });
  const parent = (await api.get(`/v1/runs?workflow_id=${workflow}`)).body.items[0].id;
  await api.ended(parent);
  // Somebody's act, after which these would have been told.
  await acts((await api.start(workflow)).body.id, 1);
  expect([...(await recordsOf(parent)), ...(await recordsOf(body.items[0].id))]).toEqual([]);
});

test('while the log refuses, runs go on, and what was done meanwhile is in it once when it takes records again', async () => {
  const { send } = DynamoDBClient.prototype;
  let refused = 0;
  const broken = vi.spyOn(DynamoDBClient.prototype, 'send').mockImplementation(function (this: DynamoDBClient, command) {
    if (!JSON.stringify(command.input).includes(`"${process.env['AUDIT_TABLE']}"`) || command.constructor.name === 'QueryCommand')
      return Reflect.apply(send, this, [command]);
    refused += 1;
    return Promise.reject(new Error('The log is broken.'));
  });
  const { logger } = await import('../../shared/aws/observe.ts');
  vi.spyOn(logger, 'error').mockReturnValue(undefined);
  const run = (await api.start(waiting)).body.id;
  await command('stop', run, { reason: 'now' });
  await api.ended(run);
  await vi.waitFor(() => expect(refused).toBeGreaterThan(1), { timeout: 10_000 });
  // A run is the record of its own start.
  expect((await recordsOf(run)).map(({ act }) => act)).toEqual(['run.start']);
  broken.mockRestore();
  expect((await acts(run, 2)).map(({ act, reason }) => [act, reason])).toEqual([
    ['run.stop', 'now'],
    ['run.start', null],
  ]);
});
