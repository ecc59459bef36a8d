import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { calls } from '../../functions/adapters.ts';
import { DynamoCalls } from '../../shared/connection/calls.dynamo.ts';
import { promisesOfCalls } from '../contract/calls.ts';
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

/** A connection with limits, and a workflow that calls a path of its own through it. */
async function limited(limits: object, script: Parameters<StubServer['on']>[1], { more = '' } = {}) {
  const name = uniqueName();
  const path = `/${name}`;
  const url = stub.on(path, script);
  const settings = { hosts: [new URL(stub.url).host] };
  const body = { project_id: 'examples', name, type: 'bearer', settings, secret: { token: 'SECRET-of-it' }, limits };
  const made = await api.post('/v1/connections', body);
  expect(made.status, made.text).toBe(201);
  const call = `  - id: call\n    http: { method: GET, url: '${url}', query: { of: '\${ $input.of }' }, connection: ${name} }\n${more}`;
  const top = `connections: [${name}]\ninput: { type: object, properties: { of: { type: string } } }`;
  const workflow = await api.publish(call, { top });
  const start = async (of = '') => (await api.start(workflow, { of })).body.id;
  const view = async () => (await api.get(`/v1/connections/${made.body.id}`)).body;
  const stop = async (run: string) => {
    const stopped = await api.post(`/v1/workflows/${workflow}/command`, { command: 'stop', run_id: run });
    expect(stopped.status, stopped.text).toBe(202);
  };
  return { id: made.body.id, name, path, start, stop, view };
}

const callOf = async (run: string) => (await api.get(`/v1/runs/${run}/context`)).body.steps[0];

/** The run once its step waits for its turn, and the row of the run says so. */
const queuedRun = (run: string) =>
  vi.waitFor(
    async () => {
      const { body } = await api.get(`/v1/runs/${run}`);
      expect(body).toMatchObject({ status: 'waiting', reason: expect.stringContaining('step "call" is queued: connection') });
      return body;
    },
    { timeout: 20_000, interval: 20 },
  );

describe('a connection with limits', () => {
  test('takes so many calls at once; the others wait in the order in which they came, and a run that is stopped makes room', async () => {
    const hangs = await limited({ concurrency: 1 }, ({ query }) => (query['of'] === 'first' ? 'hang' : { body: {} }));
    const first = await hangs.start('first');
    await stub.called(hangs.path);
    const runs: string[] = [];
    for (const what of ['second', 'third', 'fourth', 'fifth']) {
      const run = await hangs.start(what);
      expect((await queuedRun(run)).reason).toContain(`takes 1 call at once, and ${runs.length} wait`);
      runs.push(run);
    }
    expect(await callOf(runs[0] ?? '')).toMatchObject({
      status: 'pending',
      queued: { reason: expect.stringContaining('at once'), at: expect.any(String), until: expect.any(String) },
    });
    // One that does not want its turn any more holds up nobody.
    await hangs.stop(runs[1] ?? '');
    expect(stub.count(hangs.path)).toBe(1);
    await hangs.stop(first);
    for (const run of [runs[0], runs[2], runs[3]]) expect(await api.ended(run ?? '')).toMatchObject({ status: 'succeeded' });
    expect(stub.to(hangs.path).map(({ query }) => query['of'])).toEqual(['first', 'second', 'fourth', 'fifth']);
    const log = (await api.get(`/v1/runs/${runs[3]}/events?limit=100`)).body.items;
    const told = log.map(({ type }: { type: string }) => type);
    expect(told.filter((type: string) => type.startsWith('step_'))).toEqual([
      'step_queued',
      'step_admitted',
      'step_started',
      'step_completed',
    ]);
  });

  test('never takes more at once, of one run or of several', async () => {
    const slow = await limited({ concurrency: 2 }, { afterMs: 60, body: {} });
    const loop = `  - id: all\n    forEach:\n      in: \${ [1..5] }\n      as: n\n      concurrency: 5\n      steps:\n        - { id: each, http: { method: GET, url: '${stub.url}${slow.path}', connection: ${slow.name} } }\n`;
    const workflow = await api.publish(loop, { top: `connections: [${slow.name}]` });
    const runs = await Promise.all(Array.from({ length: 3 }, async () => (await api.start(workflow)).body.id));
    for (const run of runs) expect(await api.ended(run)).toMatchObject({ status: 'succeeded' });
    expect(stub.count(slow.path)).toBe(15);
    expect(stub.mostAtOnce(slow.path)).toBe(2);
  });

  test('gives each call of its rate a turn, and nobody drives a run that waits for it', async () => {
    const rated = await limited({ rate: { count: 1, per: '3s' } }, { body: {} });
    const [first, second] = [await rated.start(), await rated.start()];
    expect(await api.ended(first)).toMatchObject({ status: 'succeeded' });
    expect((await queuedRun(second)).reason).toMatch(/takes 1 call in 3s; its turn is at 20/);
    expect(await api.ended(second)).toMatchObject({ status: 'succeeded' });
    expect(stub.count(rated.path)).toBe(2);
  });

  test('counts each page of a list', async () => {
    const pages = stub.on(`/${uniqueName()}`, ({ query }) => {
      const page = Number(query['page'] ?? 1);
      return { body: { items: [page], next: page < 4 ? `?page=${page + 1}` : null } };
    });
    const { name, id } = await limited({ rate: { count: 1, per: '1s' } }, { body: {} });
    const http = `{ method: GET, url: '${pages}', connection: ${name}, paginate: { next: '\${ body.next }', items: '\${ body.items }' } }`;
    const workflow = await api.publish(`  - { id: call, http: ${http} }\n`, { top: `connections: [${name}]` });
    const { id: run } = (await api.start(workflow)).body;
    expect(await api.ended(run)).toMatchObject({ status: 'succeeded' });
    // Four turns are taken: whoever asks now gets the fifth, no sooner than four seconds after the first.
    const { created_at: begun } = (await api.get(`/v1/runs/${run}`)).body;
    const next = await calls().reserve(id, { count: 1, per: '1s' });
    expect(next.getTime() - Date.parse(begun)).toBeGreaterThanOrEqual(4_000);
  });

  test('shows them; they are changed, taken away and refused by name', async () => {
    const given = { rate: { count: 100, per: '1m' }, concurrency: 5, breaker: { failures: 3, pause: '5m' } };
    const { id, view } = await limited(given, { body: {} });
    expect((await view()).limits).toEqual(given);
    const patch = (body: object) => api.call('PATCH', `/v1/connections/${id}`, { body });
    expect((await patch({ limits: { concurrency: 7 } })).body).toMatchObject({ limits: { concurrency: 7 } });
    expect((await patch({ limits: null })).body).toMatchObject({ limits: null });
    expect(await patch({ limits: { concurrency: 0 } })).toMatchObject({ status: 400 });
    expect(await patch({ limits: { calls: 7 } })).toMatchObject({ status: 400 });
  });
});

describe('a connection whose other side is out of order', () => {
  test('is called no more: all runs wait with one question, and one answer lets them go on once it is mended', async () => {
    let isUp = false;
    const peer = await limited({ breaker: { failures: 3, pause: '1h' } }, ({ headers }) =>
      isUp ? { body: {} } : { status: 503, body: headers },
    );
    for (let n = 0; n < 2; n += 1)
      expect(await api.ended(await peer.start())).toMatchObject({ status: 'failed', error: { name: 'HttpServerError' } });
    expect(await peer.view()).toMatchObject({ circuit: { state: 'closed', failures: 2 } });
    const runs: string[] = [];
    for (let n = 0; n < 4; n += 1) runs.push(await peer.start());
    const tasks = await Promise.all(runs.map((run) => api.asked(run)));
    expect(new Set(tasks.map(({ group }) => group)).size).toBe(1);
    const names = tasks.map(({ kind, error }) => `${kind} ${error.name}`);
    expect(new Set(names)).toContain('exception HttpServerError');
    // Those that came at the same moment were under way.
    const called = stub.count(peer.path);
    expect(called).toBeLessThanOrEqual(6);
    const late = await peer.start();
    expect(await api.asked(late)).toMatchObject({
      group: tasks[0].group,
      error: { name: 'ConnectionFailed', message: expect.stringContaining('is not called since') },
    });
    expect(stub.count(peer.path)).toBe(called);
    const shown = await peer.view();
    expect(shown).toMatchObject({
      status: { state: 'not_connected', reason: expect.stringContaining('out of order') },
      circuit: {
        state: 'open',
        reason: expect.stringContaining('503'),
        opened_at: expect.any(String),
        try_at: expect.any(String),
      },
    });
    expect(JSON.stringify(shown)).not.toContain('SECRET-of-it');

    // Still down: they ask again, and none has failed.
    const all = [...runs, late];
    const before = new Set((await api.get(`/v1/tasks?group=${tasks[0].group}&status=open&limit=100`)).body.items.map(idOf));
    const retry = () => api.post('/v1/tasks/answer', { group: tasks[0].group, decision: 'retry' });
    expect((await retry()).status).toBe(202);
    await vi.waitFor(
      async () => {
        const { body } = await api.get(`/v1/tasks?group=${tasks[0].group}&status=open&limit=100`);
        expect(body.items).toHaveLength(all.length);
        expect(body.items.filter((one: { id: string }) => before.has(one.id))).toEqual([]);
      },
      { timeout: 20_000, interval: 50 },
    );
    isUp = true;
    await retry();
    for (const run of all) expect(await api.ended(run)).toMatchObject({ status: 'succeeded' });
    expect(await peer.view()).toMatchObject({
      status: { state: 'connected' },
      circuit: { state: 'closed', failures: 0, reason: null },
    });
  });

  test('lets one call through after a while, which closes it again', async () => {
    let isUp = false;
    const peer = await limited({ breaker: { failures: 1, pause: '1s' } }, () =>
      isUp ? { body: {} } : { status: 500, body: {} },
    );
    await api.asked(await peer.start());
    isUp = true;
    const { try_at: tryAt } = (await peer.view()).circuit;
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(Date.parse(tryAt)), { timeout: 5_000, interval: 20 });
    expect(await api.ended(await peer.start())).toMatchObject({ status: 'succeeded' });
    expect(await peer.view()).toMatchObject({ circuit: { state: 'closed', failures: 0 } });
  });

  test('a document that says fail is not asked about, nor one that takes the failure; a peer that answers is in order', async () => {
    const down = { status: 500, body: {} };
    const fails = await limited({ breaker: { failures: 1 } }, down, { more: '    onError: fail\n' });
    expect(await api.ended(await fails.start())).toMatchObject({ status: 'failed', error: { name: 'HttpServerError' } });
    expect(await api.ended(await fails.start())).toMatchObject({ status: 'failed', error: { name: 'ConnectionFailed' } });
    expect(stub.count(fails.path)).toBe(1);
    const takes = await limited({ breaker: { failures: 1 } }, down, {
      more: '    catch: [{ steps: [{ id: well, set: {} }] }]\n',
    });
    expect(await api.ended(await takes.start())).toMatchObject({ status: 'succeeded' });
    const answers = await limited({ breaker: { failures: 2 } }, [down, { status: 404, body: {} }, down, { body: {} }]);
    for (const error of ['HttpServerError', 'HttpClientError', 'HttpServerError'])
      expect(await api.ended(await answers.start())).toMatchObject({ status: 'failed', error: { name: error } });
    expect(await answers.view()).toMatchObject({ circuit: { state: 'closed', failures: 1 } });
  });
});

const idOf = ({ id }: { id: string }) => id;

describe('calls in DynamoDB', () => {
  promisesOfCalls(
    (now) =>
      new DynamoCalls(
        () => new DynamoDBClient({}),
        () => process.env['PLACES_TABLE'] ?? '',
        now,
      ),
  );
});
