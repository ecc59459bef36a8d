import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { publishServices } from '../../functions/adapters.ts';
import { publishTested } from '../../shared/suite/publish-tested.ts';
import { type Answered, type Api, expectRefusal, ONE_STEP, startApi, uniqueName } from '../edge/api.ts';
import { NOTHING } from '../edge/samples.ts';
import { anActor } from '../harness/builders.ts';

let api: Api;
let workflow: string;
let name: string;

const document = (total: string, more = '') =>
  `format: 1\nname: ${name}\nsteps:\n  - id: total\n    set: { total: '${total}' }\n${more}output: { total: '\${ $steps.total.total }' }\n`;
const TIMES_TWO = '${ $input.n * 2 }';

const of = () => `/v1/workflows/${workflow}`;
const save = async (definition: string) =>
  expect((await api.call('PUT', `${of()}/draft`, { body: { definition } })).status).toBe(200);
const publish = (body: object) => api.post(`${of()}/publish`, body);
const version = async () => (await api.get(of())).body.published_version;
const ended = async (n: number) => (await api.ended((await api.start(workflow, { n })).body.id)).id;
const ids = async () => (await api.get(`${of()}/tests`)).body.items.map(({ id }: { id: string }) => id);

async function testRun(body: object = {}) {
  const { id } = (await api.post(`${of()}/test-runs`, body)).body;
  return vi.waitFor(
    async () => {
      const { body: run } = await api.get(`${of()}/test-runs/${id}`);
      expect(run.outcome).not.toBe('running');
      return run;
    },
    { timeout: 20_000, interval: 50 },
  );
}

const details = ({ body }: Answered): Record<string, string> =>
  Object.fromEntries(body.details.map((one: { name: string; value: string }) => [one.name, one.value]));

beforeAll(async () => {
  api = await startApi();
  name = uniqueName();
  workflow = (await api.post('/v1/workflows', { project_id: 'examples', definition: document(TIMES_TWO) })).body.id;
  expect((await publish({})).status).toBe(201);
  for (const n of [1, 2]) await api.post(`${of()}/tests`, { run_id: await ended(n), name: `n is ${n}` });
});
afterAll(() => api.close());

test('a draft whose tests all come out the same is published', async () => {
  await save(document('${ $input.n + $input.n }'));
  const published = await publish({ require_tests: true, note: 'simpler' });
  expect([published.status, published.body.version]).toEqual([201, 2]);
  const { items } = (await api.get(`${of()}/test-runs`)).body;
  expect(items).toMatchObject([{ outcome: 'same', mode: 'recorded', tests: 2, version: null }]);
});

test('one whose tests do not is refused, with what is different and in which run of the tests', async () => {
  await save(document('${ $input.n * 2 + ($input.n = 2 ? 1 : 0) }'));
  const refused = await publish({ require_tests: true });
  expectRefusal(refused, 409);
  expect(refused.body.message).toContain('Of its 2 tests 1 came out different and 0 failed');
  const [, second] = await ids();
  const found = details(refused);
  expect(found['test']).toBe(`${second} (n is 2): different from step "total" on`);
  expect(found[`${second}/total`]).toBe('4 -> 5');
  expect((await api.get(`${of()}/test-runs/${found['test_run_id']}`)).body.outcome).toBe('different');
  expect(await version()).toBe(2);
  expect((await publish({})).status, 'who does not ask for tests is not held up').toBe(201);
});

test('one whose runs fail is refused as well, with how they ended', async () => {
  await save(document(TIMES_TWO, '  - id: bad\n    raise: { error: Refused, message: No }\n'));
  const refused = await publish({ require_tests: true });
  expectRefusal(refused, 409);
  expect(Object.values(details(refused)).join('\n')).toMatch(/ \(n is 2\): failed.*Refused/);
});

test('what was accepted in a run of the tests lets the draft pass with that run', async () => {
  await save(document('${ $input.n * 3 }'));
  const run = await testRun();
  expect(run.outcome).toBe('different');
  expectRefusal(await publish({ require_tests: true, test_run_id: run.id }), 409, 'test_run_id');
  await api.post(`${of()}/test-runs/${run.id}/accept`, { test_ids: await ids() });
  const before = (await api.get(`${of()}/test-runs`)).body.items.length;
  expect((await publish({ require_tests: true, test_run_id: run.id })).status).toBe(201);
  expect((await api.get(`${of()}/test-runs`)).body.items, 'no other run was made').toHaveLength(before);
});

test('a run of the tests of another definition, for real, of some tests, or before a test was changed does not count', async () => {
  const right = await testRun();
  const refusal = async (test_run_id: string, words: RegExp) => {
    const refused = await publish({ require_tests: true, test_run_id });
    expectRefusal(refused, 409, 'test_run_id');
    expect(refused.body.message).toMatch(words);
  };
  const [first, second] = await ids();
  await refusal((await testRun({ version: 1 })).id, /not of the draft/);
  await refusal((await testRun({ mode: 'real' })).id, /for real/);
  await refusal((await testRun({ test_ids: [first] })).id, new RegExp(`${second} .* is not in`));
  await api.call('PATCH', `${of()}/tests/${first}`, { body: { ignore: ['/other'] } });
  await refusal(right.id, new RegExp(`${first} .* has been changed since`));
  const again = await testRun();
  await save(document('${ $input.n * 4 }'));
  await refusal(again.id, /not of the draft/);
  await save(document('${ $input.n * 3 }'));
  expect((await publish({ require_tests: true, test_run_id: again.id })).status).toBe(201);
});

test('tests that take longer than a call are told of, with the run to ask for later; asked later the draft passes', async () => {
  const asking = await api.publish('  - id: ask\n    approval: { assignees: ada@example.com, title: Go? }\n');
  const run = (await api.start(asking)).body.id;
  const { id: task } = await api.asked(run);
  await api.post(`/v1/tasks/${task}/answer`, { decision: 'approve' });
  await api.ended(run);
  await api.post(`/v1/workflows/${asking}/tests`, { run_id: run, ignore: [''] });

  let now = Date.now();
  const services = {
    ...publishServices(),
    now: () => new Date(now),
    async sleep(ms: number) {
      now += ms;
    },
  };
  const seen = await services.workflows.get(asking);
  if (!seen) throw new Error('It is gone.');
  const late = await publishTested(services, seen, { actor: anActor('ann') }).catch((error: unknown) => error);
  expect(late).toMatchObject({ kind: 'conflict', message: expect.stringMatching(/1 of its 1 tests still run/) });
  const [testRun] = (await api.get(`/v1/workflows/${asking}/test-runs`)).body.items;
  expect(late).toMatchObject({ details: [{ name: 'test_run_id', value: testRun.id }] });

  const [waiting] = (await api.get(`/v1/workflows/${asking}/test-runs/${testRun.id}`)).body.results;
  await api.post(`/v1/tasks/${(await api.asked(waiting.run_id)).id}/answer`, { decision: 'approve' });
  await api.ended(waiting.run_id);
  const body = { require_tests: true, test_run_id: testRun.id };
  expect((await api.post(`/v1/workflows/${asking}/publish`, body)).status).toBe(201);
});

test('a draft that is changed while its tests run is not published', async () => {
  const services = publishServices();
  const seen = await services.workflows.get(workflow);
  if (!seen) throw new Error('It is gone.');
  const before = await version();
  await save(document('${ $input.n * 5 }'));
  await expect(publishTested(services, seen, { actor: anActor('ann') })).rejects.toThrow('changed by somebody else');
  expect(await version()).toBe(before);
});

test('what is wrong is refused', async () => {
  expectRefusal(await publish({ test_run_id: NOTHING }), 400, 'test_run_id');
  expectRefusal(await publish({ require_tests: 'yes' }), 400, 'require_tests');
  expectRefusal(await publish({ require_tests: true, test_run_id: NOTHING }), 404, 'test_run');
  const bare = await api.publish(ONE_STEP);
  const refused = await api.post(`/v1/workflows/${bare}/publish`, { require_tests: true });
  expectRefusal(refused, 409);
  expect(refused.body.message).toContain('has no tests');
  const other = (await api.get(`${of()}/test-runs`)).body.items[0].id;
  expectRefusal(await api.post(`/v1/workflows/${bare}/publish`, { require_tests: true, test_run_id: other }), 404, 'test_run');
  const key = await api.keyOf({ role: 'operator', project: 'examples' });
  expectRefusal(await api.post(`${of()}/publish`, { require_tests: true }, { key }), 403);
});
