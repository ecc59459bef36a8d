import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answered, type Api, expectRefusal, ONE_STEP, startApi } from '../edge/api.ts';
import { API_KEY } from '../harness/millrun-process.ts';

const RUNS = 200;
const FAILING = '  - id: no\n    raise: { error: NoStock, message: "order ${ $input.n } is sold out" }\n';
const RETRYING = `  - id: items
    forEach:
      in: [1, 2, 3]
      as: n
      steps:
        - id: each
          set: {}
  - id: odd
    raise: { error: Odd, message: always }
    retry: { attempts: 2, delay: 1s }
    catch:
      - on: [Odd]
        steps:
          - id: mended
            set: {}
`;

let api: Api;
const workflows: Record<string, string> = {};
/** Every run as its detail shows it. */
const runs: Answered['body'][] = [];

const recount = async (ask = {}): Promise<{ looked: number; counted: number; corrected: number }> => {
  const done = { looked: 0, counted: 0, corrected: 0 };
  for (let continuation_token: string | undefined, more = true; more; ) {
    const { body } = await api.post('/v1/analytics/recount', continuation_token ? { continuation_token } : {}, ask);
    for (const name of ['looked', 'counted', 'corrected'] as const) done[name] += body[name];
    continuation_token = body.continuation_token ?? undefined;
    more = continuation_token !== undefined;
  }
  return done;
};
const overview = async (query = '') => (await api.get(`/v1/analytics/overview?${query}`)).body;

beforeAll(async () => {
  api = await startApi();
  workflows['good'] = await api.publish(ONE_STEP);
  workflows['failing'] = await api.publish(FAILING, { top: 'input: { type: object }' });
  workflows['retrying'] = await api.publish(RETRYING);
  const ids = Object.values(workflows);
  const started = Array.from({ length: RUNS }, (_, n) => api.start(ids[n % 3] ?? '', n % 3 === 1 ? { n } : {}));
  for (const { body } of await Promise.all(started)) runs.push(await api.ended(body.id));
}, 60_000);
afterAll(() => api.close());

const countOf = (name: string, status: string) =>
  runs.filter((run) => run.workflow_id === workflows[name] && run.status === status).length;

describe('counters of two hundred runs', () => {
  test('come by themselves within seconds, and are those of a recount', async () => {
    await vi.waitFor(async () => expect((await overview()).runs).toBe(RUNS), { timeout: 20_000, interval: 250 });
    expect(await recount()).toEqual({ looked: RUNS, counted: 0, corrected: 0 });
  }, 30_000);

  test('say what became of the runs, and when', async () => {
    const steps = runs.reduce((sum, { steps }) => sum + steps.succeeded + steps.failed, 0);
    const seen = await overview('bucket=hour');
    expect(seen).toMatchObject({
      live: { count: 0, exact: true },
      runs: RUNS,
      succeeded: countOf('good', 'succeeded') + countOf('retrying', 'succeeded'),
      failed: countOf('failing', 'failed'),
      timed_out: 0,
      stopped: 0,
      skipped: 0,
      steps_executed: steps,
      retries: countOf('retrying', 'succeeded'),
      searched_to: null,
    });
    expect(seen.success_rate).toBeCloseTo(seen.succeeded / RUNS);
    expect(seen.unaided_rate).toBeCloseTo(seen.succeeded / RUNS);
    expect(seen.p95_ms).toBeGreaterThanOrEqual(seen.p50_ms);
    expect(seen.trend).toHaveLength(7 * 24 + 1);
    expect(seen.trend.reduce((sum: number, bucket: { runs: number }) => sum + bucket.runs, 0)).toBe(RUNS);
    for (const { runs, p50_ms, p95_ms } of seen.trend)
      expect(runs > 0 ? p50_ms <= p95_ms : [p50_ms, p95_ms]).toEqual(runs > 0 ? true : [null, null]);
    expect(Date.parse(seen.to) - Date.parse(seen.from)).toBe((7 * 24 + 1) * 3_600_000);
  });

  test('also of one workflow, and of each', async () => {
    expect(await overview(`workflow_id=${workflows['failing']}`)).toMatchObject({ runs: 67, failed: 67, success_rate: 0 });
    const { body } = await api.get('/v1/analytics/workflows');
    expect(body.items.map(({ workflow_id, runs }: Record<string, unknown>) => [workflow_id, runs])).toEqual(
      expect.arrayContaining([
        [workflows['good'], 67],
        [workflows['failing'], 67],
        [workflows['retrying'], 66],
      ]),
    );
    expect(body.items[0]).toMatchObject({ project_id: 'examples', workflow_name: expect.stringMatching(/^flow-/) });
    expect((await api.get('/v1/analytics/workflows?limit=1')).body.items).toHaveLength(1);
  });

  test('and of its steps, those that fail most first', async () => {
    const { body } = await api.get(`/v1/analytics/steps?workflow_id=${workflows['retrying']}`);
    expect(body.items).toMatchObject([
      { step_id: 'odd', executed: 66, failed: 66, failure_share: 1, retries: 66 },
      { step_id: 'each', executed: 198, succeeded: 198, failed: 0, retries: 0, failure_share: 0 },
      { step_id: 'items', executed: 66 },
      { step_id: 'mended', executed: 66 },
    ]);
    expect(body.items[0].p50_ms).toBeGreaterThan(0);
  });

  test('and of failures by their fingerprint, whatever the numbers in their messages', async () => {
    const { body } = await api.get('/v1/analytics/failures');
    const failed = runs.filter(({ status }) => status === 'failed');
    const ends = failed.map(({ ended_at }) => ended_at).toSorted();
    expect(body.items).toMatchObject([
      {
        workflow_id: workflows['failing'],
        step_id: 'no',
        error: { name: 'NoStock', message: expect.stringMatching(/^order \d+ is sold out$/) },
        count: 67,
        first_at: ends[0],
        last_at: ends.at(-1),
      },
    ]);
    const sample = runs.find(({ id }) => id === body.items[0].sample_run_id);
    expect(sample).toMatchObject({ status: 'failed', ended_at: ends.at(-1) });
  });

  test('are kept when a run is archived, and when a workflow is deleted', async () => {
    const gone = await api.publish(ONE_STEP);
    await api.ended((await api.start(gone)).body.id);
    await recount();
    expect((await api.call('PATCH', `/v1/runs/${runs[0].id}`, { body: { archived: true } })).status).toBe(200);
    expect((await api.call('DELETE', `/v1/workflows/${gone}`)).status).toBe(204);
    expect(await recount()).toMatchObject({ counted: 0, corrected: 0 });
    expect(await overview(`workflow_id=${gone}`)).toMatchObject({ runs: 1 });
    expect(await overview()).toMatchObject({ runs: RUNS + 1 });
  });
});

describe('a run that somebody helped', () => {
  test('has succeeded, and not unaided', async () => {
    const waiting = await api.publish('  - id: nap\n    wait: 30s\n  - id: then\n    set: {}\n');
    const { body: run } = await api.start(waiting);
    const command = (body: object) => api.post(`/v1/workflows/${waiting}/command`, { run_id: run.id, ...body });
    await command({ command: 'pause' });
    await command({ command: 'resume' });
    await command({ command: 'stop' });
    await api.ended(run.id);
    const { body: rerun } = await api.post(`/v1/runs/${runs.find(({ status }) => status === 'succeeded').id}/rerun`, {
      from: 'start',
    });
    await api.ended(rerun.id);
    await recount();
    expect(await overview(`workflow_id=${waiting}`)).toMatchObject({
      runs: 1,
      stopped: 1,
      success_rate: null,
      unaided_rate: null,
    });
    const of = await overview(`workflow_id=${rerun.workflow_id}`);
    expect(of.success_rate).toBe(1);
    expect(of.unaided_rate).toBeCloseTo((of.succeeded - 1) / of.succeeded);
    const unaided = async (workflow: string) =>
      (await api.get(`/v1/runs?unaided=true&archived=any&limit=100&workflow_id=${workflow}`)).body.items;
    const found: { id: string }[] = await unaided(rerun.workflow_id);
    expect(found).toHaveLength(of.succeeded - 1);
    expect(found.map(({ id }) => id)).not.toContain(rerun.id);
    // Nor is one that has asked somebody.
    const asking = await api.publish("  - id: sign\n    approval: { assignees: [ada@example.com], title: 'Sign?' }\n");
    const { body: asked } = await api.start(asking);
    expect((await api.post(`/v1/tasks/${(await api.asked(asked.id)).id}/answer`, { decision: 'approve' })).status).toBe(200);
    expect((await api.ended(asked.id)).status).toBe('succeeded');
    expect(await unaided(asking)).toEqual([]);
    expectRefusal(await api.get('/v1/runs?unaided=false'), 400, 'unaided');
  });
});

describe('figures are of what the caller may see', () => {
  test('another workspace sees nothing', async () => {
    const key = await api.keyOf({ workspace: 'strangers' });
    expect((await api.get('/v1/analytics/overview', { key })).body).toMatchObject({
      runs: 0,
      live: { count: 0 },
      success_rate: null,
    });
    for (const what of ['workflows', 'failures'])
      expect((await api.get(`/v1/analytics/${what}`, { key })).body.items).toEqual([]);
    expectRefusal(await api.get(`/v1/analytics/steps?workflow_id=${workflows['good']}`, { key }), 404);
    expectRefusal(await api.get(`/v1/analytics/overview?workflow_id=${workflows['good']}`, { key }), 404);
    expect(await recount({ key })).toEqual({ looked: 0, counted: 0, corrected: 0 });
  });

  test('a key of one project sees that project alone', async () => {
    const key = await api.keyOf({ project: 'elsewhere' });
    expect((await api.get('/v1/analytics/overview', { key })).body).toMatchObject({ runs: 0 });
    expectRefusal(await api.get('/v1/analytics/overview?project_id=examples', { key }), 404);
    expectRefusal(await api.get(`/v1/analytics/failures?workflow_id=${workflows['failing']}`, { key }), 404);
    const whole = await api.keyOf({});
    const seen = (await api.get('/v1/analytics/overview', { key: whole })).body;
    expect(seen.runs).toBeGreaterThan(RUNS);
    expect((await api.get('/v1/analytics/overview?project_id=examples', { key: whole })).body.runs).toBe(seen.runs);
    expect((await api.get('/v1/analytics/overview?project_id=none', { key: whole })).body.runs).toBe(0);
  });

  test('every role reads, an admin recounts', async () => {
    const key = await api.keyOf({ role: 'viewer', project: 'examples' });
    expect((await api.get('/v1/analytics/workflows', { key })).status).toBe(200);
    const editor = await api.keyOf({ role: 'editor', project: 'examples' });
    expectRefusal(await api.post('/v1/analytics/recount', {}, { key: editor }), 403);
    expect((await api.post('/v1/analytics/recount', {}, { key: API_KEY })).status).toBe(200);
  });
});

describe('a range', () => {
  test.each([
    ['from=yesterday', 'from'],
    ['from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z', 'from'],
    ['from=2999-01-01T00:00:00Z', 'from'],
    ['from=2020-01-01T00:00:00Z', 'from'],
    ['bucket=week', 'bucket'],
    ['timezone=Mars/Olympus', 'timezone'],
    ['until=now', 'until'],
  ])('%s is refused by name', async (query, field) => {
    expectRefusal(await api.get(`/v1/analytics/overview?${query}`), 400, field);
  });

  test('in which nothing ran has figures of nothing', async () => {
    const seen = await overview('from=2026-03-28T23:00:00Z&to=2026-03-30T22:00:00Z&timezone=Europe/Berlin');
    expect(seen).toMatchObject({ runs: 0, success_rate: null, p50_ms: null, from: '2026-03-28T23:00:00.000Z' });
    expect(seen.trend.map(({ start }: { start: string }) => start)).toEqual([
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ]);
  });
});

test('bars of hours that are over come from the counters: a run whose row is gone is still in them', async () => {
  await recount();
  const bars = async () => (await api.get('/v1/runs/histogram?bucket=hour')).body;
  const outcomes = (name: string, { items }: { items: Record<string, number>[] }) =>
    items.reduce((sum, bar) => sum + (bar[name] ?? 0), 0);
  const before = await bars();
  expect(outcomes('failed', before)).toBe(countOf('failing', 'failed'));

  const gone = runs.find(({ workflow_id, status }) => workflow_id === workflows['failing'] && status === 'failed').id;
  const client = new DynamoDBClient({ endpoint: api.cloud.cloudUrl });
  const key = { pk: { S: `RUN#${gone}` }, sk: { S: 'RUN' } };
  await client.send(new DeleteItemCommand({ TableName: process.env['RUNS_TABLE'], Key: key }));
  client.destroy();
  // This hour is counted run by run.
  expect(outcomes('failed', await bars())).toBe(countOf('failing', 'failed') - 1);

  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * 3_600_000 });
  try {
    const { items, searched_to } = await bars();
    expect({ items, searched_to }).toEqual({ items: before.items, searched_to: null });
    const { body } = await api.get(`/v1/runs/histogram?bucket=day&workflow_id=${workflows['failing']}`);
    expect(outcomes('failed', body)).toBe(countOf('failing', 'failed'));
    // What counters do not know is looked for in the rows, as ever.
    const failed = (await api.get('/v1/runs/histogram?bucket=hour&status=failed')).body;
    expect(outcomes('failed', failed)).toBe(countOf('failing', 'failed') - 1);
  } finally {
    vi.useRealTimers();
  }
});
