import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answered, type Api, type Ask, expectRefusal, ONE_QUESTION, ONE_STEP, startApi } from '../edge/api.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';

let api: Api;
let stub: StubServer;
beforeAll(async () => {
  const owner = { bootstrapWorkspace: 'local', bootstrapProject: 'examples' };
  [api, stub] = await Promise.all([startApi({ ...owner, allowedNetworks: ['127.0.0.0/8'] }), startStub()]);
});
afterAll(() => Promise.all([api.close(), stub.close()]));

const NOBODY = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

async function jobEnded(id: string, ask: Ask = {}) {
  for (;;) {
    const { body } = await api.get(`/v1/jobs/${id}`, ask);
    if (body.ended_at !== null) return body;
    await sleep(20);
  }
}

async function through(path: string, body: object, ask: Ask = {}) {
  const made = await api.post(path, body, ask);
  expect(made.status, made.text).toBe(202);
  return jobEnded(made.body.id, ask);
}

async function pagesOf(path: string): Promise<Answered['body'][]> {
  const items = [];
  for (let token = ''; ; ) {
    const { body } = await api.get(`${path}${path.includes('?') ? '&' : '?'}limit=100${token}`);
    items.push(...body.items);
    if (body.continuation_token === null) return items;
    token = `&continuation_token=${body.continuation_token}`;
  }
}
const resultsOf = (id: string) => pagesOf(`/v1/jobs/${id}/results`);

let paths = 0;
/** A workflow whose service is down, until it is healed; so many runs of it ask what to do. */
async function asking(count: number, onError = 'ask') {
  paths += 1;
  const path = `/down-${paths}`;
  stub.on(path, { status: 400, body: { no: 1 } });
  const workflow = await api.publish(
    `  - { id: book, http: { method: POST, url: '${stub.url}${path}', body: {} }, onError: ${onError} }\n`,
  );
  const runs: string[] = [];
  while (runs.length < count) {
    const some = await Promise.all(Array.from({ length: Math.min(25, count - runs.length) }, () => api.start(workflow)));
    runs.push(...some.map(({ body }) => body.id));
  }
  const tasks = await vi.waitFor(
    async () => {
      const open = await pagesOf(`/v1/tasks?workflow_id=${workflow}&status=open`);
      expect(open).toHaveLength(count);
      return open;
    },
    { timeout: 60_000, interval: 500 },
  );
  return { workflow, runs, tasks, path, group: tasks[0].group as string, heal: () => stub.on(path, { body: { ok: true } }) };
}

describe('one answer for many tasks', () => {
  test('300 runs fail with the same cause: one answer tries all of them again, each once', async () => {
    const { workflow, runs, tasks, group, path, heal } = await asking(300);
    expect(new Set(tasks.map((task) => task.group))).toEqual(new Set([group]));
    heal();
    const body = { group, decision: 'retry', comment: 'The ERP is up again.' };
    const foreseen = await api.post('/v1/tasks/answer', { ...body, dry_run: true });
    expect(foreseen.body).toMatchObject({ object: 'job_dry_run', verb: 'answer', subject: 'task', total: 300, would: 300 });
    expect(foreseen.body.sample).toHaveLength(10);
    expect(stub.count(path)).toBe(300);
    const job = await through('/v1/tasks/answer', { ...body, name: 'ERP', reason: 'outage is over' });
    expect(job).toMatchObject({
      verb: 'answer',
      subject: 'task',
      status: 'completed',
      total: 300,
      done: 300,
      skipped: 0,
      failed: 0,
      filter: { group },
      params: { decision: 'retry', comment: 'The ERP is up again.' },
    });
    const results = await resultsOf(job.id);
    expect(results.map(({ id }) => id).toSorted()).toEqual(tasks.map(({ id }) => id).toSorted());
    expect(results[0]).toMatchObject({ run_id: null, started_run_id: null, outcome: 'done' });
    const succeeded = async () => {
      const items = await pagesOf(`/v1/runs?workflow_id=${workflow}&status=succeeded`);
      expect(items.map(({ id }) => id).toSorted()).toEqual(runs.toSorted());
    };
    await vi.waitFor(succeeded, { timeout: 60_000, interval: 500 });
    expect(stub.count(path)).toBe(600);
    const [answered] = await pagesOf(`/v1/tasks?run_id=${runs[0]}`);
    expect(answered).toMatchObject({ status: 'answered', decision: 'retry', answered_by: job.actor, comment: body.comment });
    const { items } = (await api.get(`/v1/audit?object=${runs[7]}&act=task.answer`)).body;
    expect(items).toMatchObject([{ actor: job.actor, reason: 'outage is over' }]);
    expect(await through('/v1/tasks/answer', body)).toMatchObject({ total: 0 });
  }, 120_000);

  test('those that somebody has answered meanwhile are left alone; what was filled in is not shown', async () => {
    const { tasks, runs } = await asking(3);
    const ids = tasks.map(({ id }) => id);
    await api.post(`/v1/tasks/${ids[0]}/answer`, { decision: 'fail', comment: 'No.' });
    const job = await through('/v1/tasks/answer', { ids, decision: 'skip', output: { token: 'hush-hush' } });
    expect(job).toMatchObject({ total: 3, done: 2, skipped: 1, params: { decision: 'skip', output: '***' }, filter: null });
    expect((await resultsOf(job.id)).find(({ outcome }) => outcome === 'skipped')).toMatchObject({
      id: ids[0],
      reason: 'It is answered already.',
    });
    const statuses = await Promise.all(runs.map(async (run) => (await api.ended(run)).status));
    expect(statuses.toSorted()).toEqual(['failed', 'succeeded', 'succeeded']);
  });

  test('approvals by their ids; what does not fit their form fails alone', async () => {
    const form = '{ type: object, required: [n], properties: { n: { type: integer } } }';
    const plain = await api.publish(ONE_QUESTION);
    const formed = await api.publish(`  - id: ask\n    approval: { assignees: ada@example.com, title: Go?, form: ${form} }\n`);
    const ids = await Promise.all([plain, formed].map(async (one) => (await api.asked((await api.start(one)).body.id)).id));
    const job = await through('/v1/tasks/answer', { ids, decision: 'approve' });
    expect(job).toMatchObject({ done: 1, failed: 1 });
    expect((await resultsOf(job.id)).find(({ outcome }) => outcome === 'failed')).toMatchObject({
      id: ids[1],
      reason: expect.stringContaining('The form does not fit'),
    });
    const again = await api.post(`/v1/jobs/${job.id}/retry`, {});
    expect(again.body).toMatchObject({ verb: 'answer', total: 1 });
    expect(await through('/v1/tasks/answer', { ids, decision: 'approve', form: { n: 1 } })).toMatchObject({
      done: 1,
      skipped: 1,
    });
  });

  test('counts for those who are asked: others answer nothing by it', async () => {
    const { group, tasks, runs } = await asking(2, '{ ask: { assignees: [ada@example.com] } }');
    const operator = await api.keyOf({ role: 'operator' });
    const [id] = tasks.map((task) => task.id);
    expectRefusal(await api.post('/v1/tasks/answer', { group, decision: 'skip' }, { key: operator }), 403);
    expectRefusal(await api.post('/v1/tasks/answer', { ids: [id], decision: 'skip' }, { key: operator }), 403);
    expectRefusal(await api.post('/v1/tasks/answer', { group, decision: 'skip', dry_run: true }, { key: operator }), 403);
    await api.call('PATCH', `/v1/tasks/${id}`, { body: { assignees: [] } });
    const job = await through('/v1/tasks/answer', { group, decision: 'skip' }, { key: operator });
    expect(job).toMatchObject({ total: 1, done: 1 });
    expect(await through('/v1/tasks/answer', { group, decision: 'skip' })).toMatchObject({ total: 1, done: 1 });
    for (const run of runs) await api.ended(run);
  });

  test('a failed answer is tried again by whoever gave it, or an admin', async () => {
    const form = '{ type: object, required: [n], properties: { n: { type: integer } } }';
    const open = await api.publish(`  - id: ask\n    approval: { assignees: [ada@example.com], title: Go?, form: ${form} }\n`);
    const { id } = await api.asked((await api.start(open)).body.id);
    const whole = await api.keyOf({});
    const job = await through('/v1/tasks/answer', { ids: [id], decision: 'approve' }, { key: whole });
    expectRefusal(await api.post(`/v1/jobs/${job.id}/retry`, {}, { key: await api.keyOf({ role: 'operator' }) }), 403);
    expect((await api.post(`/v1/jobs/${job.id}/retry`, {}, { key: whole })).status).toBe(202);
  });

  test.each<[string, object, string]>([
    ['neither', { decision: 'retry' }, ''],
    ['both', { group: 'x', ids: [NOBODY], decision: 'retry' }, ''],
    ['no decision', { group: 'x' }, 'decision'],
    ['no decision that there is', { group: 'x', decision: 'maybe' }, 'decision'],
    ['no ids', { ids: [], decision: 'retry' }, 'ids'],
    ['too many ids', { ids: Array.from({ length: 1001 }, () => NOBODY), decision: 'retry' }, 'ids'],
    ['fields that nobody knows', { group: 'x', decision: 'retry', verb: 'answer' }, 'verb'],
  ])('that names %s is refused', async (_, body, field) => {
    expectRefusal(await api.post('/v1/tasks/answer', body), 400, field);
  });

  test('with a decision that is for others, or for tasks that are not there, is refused before it is a job', async () => {
    const { group, tasks } = await asking(1);
    expectRefusal(await api.post('/v1/tasks/answer', { group, decision: 'approve' }), 400, 'decision');
    expectRefusal(await api.post('/v1/tasks/answer', { ids: [tasks[0].id, NOBODY], decision: 'skip' }), 404, 'task');
    const stranger = await api.keyOf({ workspace: 'strangers' });
    expectRefusal(await api.post('/v1/tasks/answer', { ids: [tasks[0].id], decision: 'skip' }, { key: stranger }), 404, 'task');
    expect((await api.post('/v1/tasks/answer', { group, decision: 'skip', dry_run: true }, { key: stranger })).body.total).toBe(
      0,
    );
    expectRefusal(
      await api.post('/v1/tasks/answer', { group, decision: 'skip' }, { key: await api.keyOf({ role: 'viewer' }) }),
      403,
    );
    expectRefusal(
      await api.post('/v1/tasks/answer', { group, decision: 'retry', inputs: { a: 'x'.repeat(140_000) } }),
      413,
      'params',
    );
    expect((await api.get(`/v1/tasks/${tasks[0].id}`)).body.status).toBe('open');
  });

  test('is one job under an idempotency key', async () => {
    const { group } = await asking(1);
    const headers = { 'idempotency-key': `answer ${group}` };
    const first = await api.post('/v1/tasks/answer', { group, decision: 'skip' }, { headers });
    const again = await api.post('/v1/tasks/answer', { group, decision: 'skip' }, { headers });
    expect([first.status, again.status, again.body.id]).toEqual([202, 200, first.body.id]);
    expectRefusal(await api.post('/v1/tasks/answer', { group, decision: 'fail' }, { headers }), 409);
  });
});

describe('redelivering many deliveries', () => {
  /** A workflow that was off when so many requests came. */
  async function rejected(count: number) {
    const workflow = await api.publish(ONE_STEP);
    const hook = (await api.post(`/v1/workflows/${workflow}/webhooks`, { name: 'orders', scheme: 'none' })).body;
    await api.call('PATCH', `/v1/workflows/${workflow}`, { body: { enabled: false } });
    for (let n = 0; n < count; n += 1)
      await fetch(hook.url, { method: 'POST', body: JSON.stringify({ n }), headers: { 'content-type': 'application/json' } });
    await api.call('PATCH', `/v1/workflows/${workflow}`, { body: { enabled: true } });
    return { workflow, hook };
  }

  test('starts the run of each rejected one, once, with a result that leads to it', async () => {
    const { workflow, hook } = await rejected(40);
    await fetch(hook.url, { method: 'POST', body: '{"n":99}', headers: { 'content-type': 'application/json' } });
    const filter = { workflow_id: workflow, trigger_id: hook.id, reason: 'turned off' };
    const foreseen = await api.post('/v1/deliveries/redeliver', { filter, dry_run: true });
    expect(foreseen.body).toMatchObject({ verb: 'redeliver', subject: 'delivery', total: 40, would: 40, exclusions: [] });
    expect(foreseen.body.sample[0]).toMatchObject({ outcome: 'rejected', trigger_id: hook.id });
    const job = await through('/v1/deliveries/redeliver', { filter, reason: 'it is on again' });
    expect(job).toMatchObject({ subject: 'delivery', total: 40, done: 40, failed: 0, filter, params: {} });
    const results = await resultsOf(job.id);
    const deliveries = await pagesOf(`/v1/deliveries?workflow_id=${workflow}`);
    for (const { id, started_run_id } of results)
      expect(deliveries.find((one) => one.id === id)).toMatchObject({
        outcome: 'accepted',
        run_id: started_run_id,
        redeliveries: 1,
      });
    const runs = await pagesOf(`/v1/runs?workflow_id=${workflow}`);
    expect(runs).toHaveLength(41);
    expect(new Set(results.map(({ started_run_id }) => started_run_id)).size).toBe(40);
    const { items } = (await api.get(`/v1/audit?object=${results[0].id}`)).body;
    expect(items).toMatchObject([{ act: 'delivery.redeliver', reason: 'it is on again' }]);
    expect(await through('/v1/deliveries/redeliver', { filter })).toMatchObject({ total: 0 });
  });

  test('says why one is rejected once more, and tries that again when asked to', async () => {
    const { workflow } = await rejected(2);
    await api.call('PATCH', `/v1/workflows/${workflow}`, { body: { enabled: false } });
    const job = await through('/v1/deliveries/redeliver', { filter: { workflow_id: workflow } });
    expect(job).toMatchObject({ done: 0, failed: 2 });
    expect((await resultsOf(job.id))[0]).toMatchObject({ reason: expect.stringContaining('turned off'), started_run_id: null });
    await api.call('PATCH', `/v1/workflows/${workflow}`, { body: { enabled: true } });
    const again = await api.post(`/v1/jobs/${job.id}/retry`, {});
    expect(await jobEnded(again.body.id)).toMatchObject({ verb: 'redeliver', done: 2, retry_of: job.id });
    const [one] = await pagesOf(`/v1/deliveries?workflow_id=${workflow}`);
    expect(one).toMatchObject({ outcome: 'accepted', redeliveries: 2 });
  });

  test.each<[string, object, string]>([
    ['no filter', {}, 'filter'],
    ['a filter that narrows nothing', { filter: {} }, 'filter'],
    ['other outcomes', { filter: { outcome: 'accepted' } }, 'filter.outcome'],
    ['fields that nobody knows', { filter: { sender: 'ada' } }, 'filter.sender'],
    ['a rate that is none', { filter: { trigger: 'email' }, rate: 0 }, 'rate'],
  ])('with %s is refused', async (_, body, field) => {
    expectRefusal(await api.post('/v1/deliveries/redeliver', body), 400, field);
  });

  test('of others redelivers nothing', async () => {
    const { workflow } = await rejected(1);
    const other = await api.keyOf({ project: 'elsewhere' });
    expectRefusal(await api.post('/v1/deliveries/redeliver', { filter: { workflow_id: workflow } }, { key: other }), 404);
    const made = await api.post('/v1/deliveries/redeliver', { filter: { outcome: 'rejected' }, dry_run: true }, { key: other });
    expect(made.body.total).toBe(0);
    const viewer = await api.keyOf({ role: 'viewer' });
    expectRefusal(await api.post('/v1/deliveries/redeliver', { filter: { workflow_id: workflow } }, { key: viewer }), 403);
  });
});
