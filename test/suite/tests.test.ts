import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Answered, type Api, expectRefusal, startApi, uniqueName } from '../edge/api.ts';
import { NOTHING } from '../edge/samples.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';

let api: Api;
let erp: StubServer;
let name: string;
let workflow: string;
let run: string;

const document = (price = '${ $steps.price.body.price }', more = '') => `format: 1
name: ${name}
steps:
  - id: price
    http: { method: POST, url: '${erp.url}/price', body: { id: '\${ $input.id }' } }
    retry: { attempts: 2, delay: 1h }
  - id: pause
    wait: 2h
  - id: total
    needs: [price]
    set: { price: '${price}', at: '\${ $run.startedAt }' }
${more}output: { price: '\${ $steps.total.price }', at: '\${ $steps.total.at }' }
`;
const QUICK = (text: string) => text.replace('delay: 1h', 'delay: 1s').replace('wait: 2h', 'wait: 1s');

const of = () => `/v1/workflows/${workflow}`;
const save = async (definition: string) =>
  expect((await api.call('PUT', `${of()}/draft`, { body: { definition } })).status).toBe(200);
const suite = async (body: object = {}, key?: string) => {
  const { body: begun } = await api.post(`${of()}/test-runs`, body, key === undefined ? {} : { key });
  return vi.waitFor(
    async () => {
      const answered: Answered = await api.get(`${of()}/test-runs/${begun.id}`);
      expect(answered.body.outcome).not.toBe('running');
      return answered.body;
    },
    { timeout: 20_000, interval: 50 },
  );
};

beforeAll(async () => {
  api = await startApi();
  erp = await startStub();
  name = uniqueName();
  erp.on('/price', [{ status: 503 }, { body: { price: 12 } }]);
  const made = await api.post('/v1/workflows', { project_id: 'examples', definition: QUICK(document()) });
  expect(made.status, made.text).toBe(201);
  workflow = made.body.id;
  await api.post(`${of()}/publish`, {});
  run = (await api.ended((await api.start(workflow, { id: 1 })).body.id)).id;
  expect(erp.calls).toHaveLength(2);
});
afterAll(async () => {
  await api.close();
  await erp.close();
});

test('a case is made of a run, and nothing of its inputs is shown', async () => {
  const { status, body } = await api.post(`${of()}/tests`, { run_id: run, name: 'price', ignore: ['/at'] });
  expect(status).toBe(201);
  expect(body).toMatchObject({ name: 'price', run_id: run, baseline: run, compare: [], ignore: ['/at'], workflow_id: workflow });
  expect((await api.get(`${of()}/tests`)).body.items).toEqual([body]);
});

test('a suite run answers outside calls from the record, their failures too, and waits for nothing', async () => {
  await save(document());
  const { results, outcome, mode, version } = await suite();
  expect(results[0]).toMatchObject({ outcome: 'same', message: null, diff: { items: [], more: false } });
  expect([outcome, mode, version]).toEqual(['same', 'recorded', null]);
  expect(erp.calls).toHaveLength(2);
  const made = (await api.get(`/v1/runs/${results[0].run_id}`)).body;
  expect([made.trigger, made.status]).toEqual(['test', 'succeeded']);
});

test('read again, a suite run is the same runs', async () => {
  const first = await suite();
  const again = (await api.get(`${of()}/test-runs/${first.id}`)).body;
  expect(again).toEqual(first);
  expect((await api.get(`/v1/runs?workflow_id=${workflow}&trigger=test&limit=100`)).body.items).toHaveLength(2);
});

test('a draft that gives something else is different: where, and the step where they part', async () => {
  await save(document('0'));
  const { results, outcome } = await suite();
  expect(outcome).toBe('different');
  expect(results[0]).toMatchObject({ outcome: 'different', parts_at: 'total' });
  expect(results[0].diff.items.map(({ path }: { path: string }) => path)).toEqual(['/price']);
});

test('a call that the record does not hold fails by name', async () => {
  await save(document(undefined, `  - id: more\n    http: { method: GET, url: '${erp.url}/more' }\n`));
  const { results } = await suite();
  expect(results[0]).toMatchObject({ outcome: 'failed', message: expect.stringMatching(/NotRecorded/) });
  expect(erp.calls).toHaveLength(2);
});

test('for real, calls go out', async () => {
  await save(QUICK(document()));
  const { results } = await suite({ mode: 'real' });
  expect(results[0].outcome).toBe('same');
  expect(erp.calls.length).toBe(3);
});

test('what came of it is accepted, and is what should come out from then on', async () => {
  await save(document('0'));
  const { id, results } = await suite();
  const accepted = await api.post(`${of()}/test-runs/${id}/accept`, { test_ids: [results[0].test_id] });
  expect(accepted.body.results[0].outcome).toBe('same');
  expect((await api.get(`${of()}/tests`)).body.items[0].baseline).toBe(results[0].run_id);
  expect((await suite()).outcome).toBe('same');
  expect((await suite({ version: 1 })).results[0].outcome).toBe('different');
});

test('a case that cannot be started says why', async () => {
  await save(document().replace('steps:', 'input: { type: object, required: [other] }\nsteps:'));
  expect((await suite()).results[0]).toMatchObject({ outcome: 'failed', run_id: null, message: expect.stringMatching(/other/) });
});

test('a test is read alone, and changed: its name, and what counts', async () => {
  const [before] = (await api.get(`${of()}/tests`)).body.items;
  const path = `${of()}/tests/${before.id}`;
  expect((await api.get(path)).body).toEqual(before);
  const change = { name: 'the total', compare: ['/price'], ignore: [] };
  const changed = await api.call('PATCH', path, { body: change });
  expect([changed.status, changed.body]).toEqual([200, { ...before, ...change }]);
  expect((await api.call('PATCH', path, { body: {} })).body).toEqual(changed.body);
  await save(document('0'));
  expect((await suite()).outcome, 'the time does not count').toBe('same');
  await api.call('PATCH', path, { body: { compare: [] } });
  expect((await suite()).results[0].diff.items.map(({ path: at }: { path: string }) => at)).toEqual(['/at']);
  await api.call('PATCH', path, { body: { ignore: ['/at'] } });
  expect((await suite()).outcome).toBe('same');
});

test('runs of the tests are listed newest first; what came of one then stays what came of it', async () => {
  const first = await suite();
  const listed: { id: string; outcome: string | null; tests: number }[] = [];
  let token = '';
  do {
    const query = `limit=3${token && `&continuation_token=${token}`}`;
    const { body } = await api.get(`${of()}/test-runs?${query}`);
    listed.push(...body.items);
    token = body.continuation_token ?? '';
  } while (token !== '');
  expect(listed.length).toBeGreaterThanOrEqual(8);
  expect(listed.map(({ id }) => id)).toEqual(
    listed
      .map(({ id }) => id)
      .toSorted()
      .reverse(),
  );
  expect(listed[0]).toMatchObject({ id: first.id, outcome: 'same', tests: 1, workflow_id: workflow });

  const [{ id }] = (await api.get(`${of()}/tests`)).body.items;
  await api.call('PATCH', `${of()}/tests/${id}`, { body: { ignore: ['/price'] } });
  expect((await api.get(`${of()}/test-runs/${first.id}`)).body).toEqual(first);
  await api.call('PATCH', `${of()}/tests/${id}`, { body: { ignore: ['/at'] } });
});

test('a request with an Idempotency-Key runs the tests once', async () => {
  const ask = (body: object) => api.post(`${of()}/test-runs`, body, { headers: { 'idempotency-key': 'nightly 7' } });
  const [one, other] = await Promise.all([ask({}), ask({})]);
  expect([one.status, other.status].toSorted()).toEqual([200, 202]);
  expect(other.body.id).toBe(one.body.id);
  const again = await ask({});
  expect([again.status, again.headers.get('idempotent-replay'), again.body.id]).toEqual([200, 'true', one.body.id]);
  const refused = await ask({ mode: 'real' });
  expectRefusal(refused, 409, 'test_run_id');
  expect(refused.body.message).toContain(one.body.id);
});

test('what is wrong is refused', async () => {
  const key = await api.keyOf({ role: 'viewer', project: 'examples' });
  expectRefusal(await api.post(`${of()}/tests`, { run_id: run }, { key }), 403);
  expectRefusal(await api.post(`${of()}/test-runs`, {}, { key }), 403);
  expectRefusal(await api.post(`${of()}/tests`, { run_id: NOTHING }), 404, 'run');
  expectRefusal(await api.post(`${of()}/tests`, { run_id: run, compare: ['price'] }), 400, 'compare');
  expectRefusal(await api.post(`${of()}/test-runs`, { test_ids: [NOTHING] }), 404, 'test');
  expectRefusal(await api.post(`${of()}/test-runs`, { version: 99 }), 404, 'version');
  expectRefusal(await api.get(`${of()}/test-runs/${NOTHING}`), 404, 'test_run');
  expectRefusal(await api.get(`${of()}/test-runs?continuation_token=nonsense`), 400, 'continuation_token');
  expectRefusal(await api.get(`${of()}/tests/${NOTHING}`), 404, 'test');
  expectRefusal(await api.call('PATCH', `${of()}/tests/${NOTHING}`, { body: { name: 'x' } }), 404, 'test');
  const [{ id: test }] = (await api.get(`${of()}/tests`)).body.items;
  const change = (body: object, ask = {}) => api.call('PATCH', `${of()}/tests/${test}`, { ...ask, body });
  expectRefusal(await change({ name: 'x' }, { key }), 403);
  for (const body of [{ name: '' }, { name: 'x'.repeat(101) }]) expectRefusal(await change(body), 400, 'name');
  expectRefusal(await change({ ignore: ['at'] }), 400, 'ignore');
  expectRefusal(await change({ compare: Array.from({ length: 51 }, () => '/a') }), 400, 'compare');
  expectRefusal(await change({ run_id: run }), 400, 'run_id');
  const other = await api.publish('  - id: only\n    set: {}\n');
  expectRefusal(await api.post(`/v1/workflows/${other}/tests`, { run_id: run }), 404, 'run');
  expectRefusal(await api.post(`/v1/workflows/${other}/test-runs`, {}), 409);
});

test('a case is deleted with all that it keeps', async () => {
  const [{ id }] = (await api.get(`${of()}/tests`)).body.items;
  expect((await api.call('DELETE', `${of()}/tests/${id}`)).status).toBe(204);
  expectRefusal(await api.call('DELETE', `${of()}/tests/${id}`), 404, 'test');
  expect((await api.get(`${of()}/tests`)).body.items).toEqual([]);
});
