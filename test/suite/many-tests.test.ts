import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { jobServices } from '../../functions/adapters.ts';
import { verbs } from '../../shared/job/verbs.ts';
import { MOST_TESTS } from '../../shared/suite/test-case.ts';
import { type Api, expectRefusal, startApi } from '../edge/api.ts';
import { wrap } from '../harness/granted.ts';
import { aJob } from '../job/builders.ts';

const BEYOND = 5;

let api: Api;
let workflow: string;
let runs: string[];

const of = () => `/v1/workflows/${workflow}`;
const ended = (id: string) =>
  vi.waitFor(
    async () => {
      const { body } = await api.get(`/v1/jobs/${id}`);
      expect(body.ended_at).not.toBeNull();
      return body;
    },
    { timeout: 30_000, interval: 50 },
  );
const tests = async () => (await api.get(`${of()}/tests`)).body.items;

beforeAll(async () => {
  api = await startApi();
  workflow = await api.publish("  - id: only\n    set: { n: '${ $input.n * 2 }', at: '${ $run.startedAt }' }\n", {
    top: "output: { n: '${ $steps.only.n }', at: '${ $steps.only.at }' }",
  });
  runs = [];
  for (let at = 0; at < MOST_TESTS + BEYOND; at += 15) {
    const started = Array.from({ length: Math.min(15, MOST_TESTS + BEYOND - at) }, (_, n) => api.start(workflow, { n: at + n }));
    runs.push(...(await Promise.all(started)).map(({ body }) => body.id));
  }
  for (const id of runs) await api.ended(id);
}, 60_000);
afterAll(() => api.close());

test('a job makes tests of the runs that it selects, as many as a workflow may have; the dry run says which cannot be', {
  timeout: 60_000,
}, async () => {
  const waiting = (await api.start(await api.publish('  - id: pause\n    wait: 1h\n'))).body.id;
  const gone = await api.publish('  - id: only\n    set: {}\n');
  const orphan = (await api.ended((await api.start(gone)).body.id)).id;
  await api.call('DELETE', `/v1/workflows/${gone}`);
  await api.post(`${of()}/tests`, { run_id: runs[0], ignore: ['/at'] });
  const run_ids = [...runs, waiting, orphan];
  const body = { verb: 'add_test', run_ids, params: { ignore: ['/at'] } };

  const dry = (await api.post('/v1/jobs', { ...body, dry_run: true })).body;
  expect(dry).toMatchObject({ total: run_ids.length, would: MOST_TESTS - 1, exact: true, loss: null });
  expect(Object.fromEntries(dry.exclusions.map((one: { reason: string; count: number }) => [one.reason, one.count]))).toEqual({
    'A workflow has 100 tests at most. Delete some first.': BEYOND,
    'A test has been made of it already.': 1,
    'Its workflow has been deleted.': 1,
    'It has not ended: it is waiting.': 1,
  });
  expect(await tests()).toHaveLength(1);

  const job = await ended((await api.post('/v1/jobs', body)).body.id);
  expect(job).toMatchObject({
    verb: 'add_test',
    done: MOST_TESTS - 1,
    skipped: BEYOND + 3,
    failed: 0,
    params: { ignore: ['/at'] },
  });
  const made = await tests();
  expect(made).toHaveLength(MOST_TESTS);
  const { items } = (await api.get(`/v1/jobs/${job.id}/results?outcome=done&limit=100`)).body;
  const byRun = new Map(made.map((one: { run_id: string; id: string }) => [one.run_id, one.id]));
  for (const { run_id, test_id } of items) expect(byRun.get(run_id)).toBe(test_id);
  const { items: records } = (await api.get(`/v1/audit?object=${items[0].test_id}`)).body;
  expect(records).toMatchObject([{ act: 'test.add' }]);

  const refused = await api.post(`${of()}/tests`, { run_id: runs.at(-1) });
  expectRefusal(refused, 409);
  expect(refused.body.message).toContain('100 tests at most');
});

test('all hundred run; once they have ended no run is read for their results any more', { timeout: 60_000 }, async () => {
  const { body: begun } = await api.post(`${of()}/test-runs`, {});
  const path = `${of()}/test-runs/${begun.id}`;
  const body = await vi.waitFor(
    async () => {
      const answered = await api.get(path);
      expect(answered.body.outcome).not.toBe('running');
      return answered.body;
    },
    { timeout: 40_000, interval: 100 },
  );
  expect(body.outcome).toBe('same');
  expect(body.results).toHaveLength(MOST_TESTS);

  const touched: string[] = [];
  wrap(DynamoDBClient.prototype, 'send', (send, command: { input: object }, ...rest) => {
    const input = JSON.stringify(command.input);
    // Runs that have just ended are being counted, from their journals.
    if (!input.includes('sk BETWEEN :first AND :row')) touched.push(input);
    return send(command, ...rest);
  });
  expect((await api.get(path)).body).toEqual(body);
  expect(touched.filter((input) => input.includes(begun.id)).length).toBeGreaterThan(0);
  for (const { run_id } of body.results) expect(touched.filter((input) => input.includes(run_id))).toEqual([]);
});

test('a job that comes again, or is retried, makes no second test of a run', async () => {
  const [spare] = await tests();
  await api.call('DELETE', `${of()}/tests/${spare.id}`);
  const run = runs.at(-1) ?? '';
  const services = jobServices();
  const job = aJob({ verb: 'add_test', params: { compare: [], ignore: [] } });
  const act = () => verbs.add_test.open(services, job).act(run);
  const [first, second] = [await act(), await act()];
  expect([first.outcome, first.testId]).toEqual(['done', expect.any(String)]);
  expect(second).toEqual(first);
  expect(await tests()).toHaveLength(MOST_TESTS);
});

test('who may not make tests cannot by a job; places must be pointers', async () => {
  const key = await api.keyOf({ role: 'operator', project: 'examples' });
  const body = { verb: 'add_test', run_ids: runs.slice(0, 1) };
  expectRefusal(await api.post('/v1/jobs', body, { key }), 403);
  expectRefusal(await api.post('/v1/jobs', { ...body, params: { ignore: ['at'] } }), 400, 'ignore');
  expectRefusal(await api.post('/v1/jobs', { ...body, params: { name: 'x' } }), 400, 'name');
});
