import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../shared/kernel/fingerprint.ts';
import { DynamoRuns } from '../../shared/run/store/run.dynamo.ts';
import { type Api, expectRefusal, ONE_STEP, startApi } from '../edge/api.ts';
import { aRun } from '../harness/builders.ts';

let api: Api;
let workflow: string;
beforeAll(async () => {
  api = await startApi();
  workflow = await api.publish(ONE_STEP);
});
afterAll(() => api.close());

type Body = Record<string, unknown>;

const WAITS = '  - id: pause\n    wait: 1h';

async function endedRuns(count: number, of = workflow): Promise<string[]> {
  const started = await Promise.all(Array.from({ length: count }, () => api.start(of)));
  const ids = started.map(({ body }) => body.id as string);
  await Promise.all(ids.map((id) => api.ended(id)));
  return ids;
}

async function jobEnded(id: string, key?: string) {
  for (;;) {
    const { body } = await api.get(`/v1/jobs/${id}`, key ? { key } : {});
    if (body.ended_at !== null) return body;
    await sleep(20);
  }
}

async function through(body: Body) {
  const made = await api.post('/v1/jobs', body);
  expect(made.status, made.text).toBe(202);
  return jobEnded(made.body.id);
}

const resultsOf = async (id: string, query = '') => (await api.get(`/v1/jobs/${id}/results?limit=100${query}`)).body.items;

describe('failures with one cause', () => {
  test('of runs that asked nobody are one job: it runs again those that failed so, and no others', async () => {
    const failing =
      '  - id: pay\n    raise: { error: Declined, message: "Card of order ${ $input.order } declined ${ $input.why }" }\n';
    const [of, other] = [await api.publish(failing), await api.publish(failing)];
    const fail = async (workflow: string, order: number, why: string) => {
      const id = (await api.start(workflow, { order, why })).body.id;
      await api.ended(id);
      return id as string;
    };
    const alike = [await fail(of, 1, 'by the bank'), await fail(of, 22, 'by the bank'), await fail(of, 333, 'by the bank')];
    await Promise.all([fail(of, 4, 'by the shop'), fail(other, 5, 'by the bank')]);
    const fingerprint = fingerprintOf({
      workflowId: of,
      step: 'pay',
      name: 'Declined',
      message: 'Card of order 9 declined by the bank',
    });
    const { body } = await api.get(`/v1/runs?fingerprint=${fingerprint}&limit=100`);
    expect(body.items.map(({ id }: Body) => id).toSorted()).toEqual(alike.toSorted());
    const job = await through({ verb: 'rerun', params: { from: 'failed' }, filter: { fingerprint } });
    expect(job).toMatchObject({ total: 3, done: 3, skipped: 0, failed: 0 });
    const results = await resultsOf(job.id);
    expect(results.map(({ run_id }: Body) => run_id).toSorted()).toEqual(alike.toSorted());
    expectRefusal(await api.get('/v1/runs?fingerprint=none'), 400, 'fingerprint');
  });
});

describe('a job', () => {
  test('does it with each run, says what came of each, and shows how far it is', async () => {
    const ids = await endedRuns(30);
    const made = await api.post('/v1/jobs', { verb: 'archive', run_ids: ids, name: 'Tidy up', reason: 'Too many' });
    expect(made.status).toBe(202);
    expect(made.body).toMatchObject({
      object: 'job',
      verb: 'archive',
      total: 30,
      name: 'Tidy up',
      reason: 'Too many',
      filter: null,
    });
    const job = await jobEnded(made.body.id);
    expect(job).toMatchObject({ status: 'completed', done: 30, skipped: 0, failed: 0, abort: null, retry_of: null });
    const results = await resultsOf(job.id);
    expect(results.map(({ run_id }: Body) => run_id).sort()).toEqual(ids.toSorted());
    expect((await api.get(`/v1/runs/${ids[0]}`)).body).toMatchObject({ archived: true, archived_by: job.actor });
    expect((await api.get('/v1/jobs?limit=1')).body.items).toMatchObject([{ id: job.id }]);
  });

  test('runs again those that failed, each under its own key, and results lead to the new runs', async () => {
    const failing = await api.publish('  - id: bad\n    raise: { error: Known, message: no }');
    const ids = await endedRuns(3, failing);
    const job = await through({
      verb: 'rerun',
      filter: { workflow_id: failing, status: ['failed'] },
      params: { from: 'failed' },
    });
    expect(job).toMatchObject({ total: 3, done: 3, filter: { workflow_id: failing, status: ['failed'] } });
    for (const { run_id, outcome, started_run_id } of await resultsOf(job.id)) {
      expect(ids).toContain(run_id);
      expect(outcome).toBe('done');
      expect((await api.ended(started_run_id)).parent).toBe(run_id);
    }
  });

  test('pauses, resumes and stops live runs, labels and unlabels, archives and brings back', async () => {
    const waits = await api.publish(WAITS);
    const ids = await Promise.all([1, 2, 3].map(async () => (await api.start(waits)).body.id));
    const states = () => Promise.all(ids.map(async (id) => (await api.get(`/v1/runs/${id}`)).body));
    for (const { id } of await states()) await until(async () => (await api.get(`/v1/runs/${id}`)).body.status === 'waiting');
    expect(await through({ verb: 'pause', run_ids: ids, reason: 'ERP is down' })).toMatchObject({ done: 3 });
    expect((await states())[0]).toMatchObject({ pause: { reason: 'ERP is down' } });
    expect(await through({ verb: 'pause', run_ids: ids })).toMatchObject({ done: 0, skipped: 3 });
    expect(await through({ verb: 'resume', run_ids: ids })).toMatchObject({ done: 3 });
    expect(await through({ verb: 'stop', run_ids: ids, reason: 'not needed' })).toMatchObject({ done: 3 });
    for (const run of await states()) expect(run).toMatchObject({ status: 'stopped', reason: 'not needed' });
    const add = { labels: ['team:ops', 'seen:yes'] };
    expect(await through({ verb: 'label', run_ids: ids, params: add })).toMatchObject({ done: 3 });
    expect(await through({ verb: 'label', run_ids: ids, params: add })).toMatchObject({ skipped: 3 });
    expect(await through({ verb: 'unlabel', run_ids: ids, params: { labels: ['seen:yes'] } })).toMatchObject({ done: 3 });
    for (const run of await states()) expect(run.labels).toEqual(['team:ops']);
    expect(await through({ verb: 'archive', filter: { label: ['team:ops'] } })).toMatchObject({ done: 3 });
    expect(await through({ verb: 'unarchive', run_ids: ids })).toMatchObject({ done: 3 });
    const gone = await through({ verb: 'delete', run_ids: ids });
    expect(gone).toMatchObject({ done: 3 });
    for (const id of ids) expectRefusal(await api.get(`/v1/runs/${id}`), 404);
    const { items } = (await api.get(`/v1/audit?object=${ids[0]}`)).body;
    expect(items.map(({ act }: Body) => act)).toEqual(expect.arrayContaining(['run.delete', 'run.change']));
  });

  test('is aborted: what has begun is finished, the rest is left alone', async () => {
    const ids = await endedRuns(12);
    const made = await api.post('/v1/jobs', { verb: 'archive', run_ids: ids, rate: 2 });
    await until(async () => (await api.get(`/v1/jobs/${made.body.id}`)).body.done > 0);
    const aborted = await api.post(`/v1/jobs/${made.body.id}/abort?reason=wrong+ones`, {});
    expect(aborted.body).toMatchObject({ status: 'aborting', abort: { reason: 'wrong ones' } });
    expect((await api.post(`/v1/jobs/${made.body.id}/abort`, {})).status).toBe(200);
    const job = await jobEnded(made.body.id);
    expect(job.status).toBe('aborted');
    expect(job.done).toBeLessThan(12);
    const runs = await Promise.all(ids.map(async (id) => (await api.get(`/v1/runs/${id}`)).body));
    expect(runs.filter(({ archived }) => archived)).toHaveLength(job.done);
    expectRefusal(await api.post(`/v1/jobs/${(await through({ verb: 'archive', run_ids: ids })).id}/abort`, {}), 409);
  });

  test('keeps to its rate', async () => {
    const ids = await endedRuns(8);
    const job = await through({ verb: 'archive', run_ids: ids, rate: 4 });
    const times = (await resultsOf(job.id)).map(({ at }: Body) => Date.parse(String(at))).sort();
    expect(times.at(-1) - times[0]).toBeGreaterThanOrEqual(900);
  });

  test('is retried: a job of the failed ones, once', async () => {
    const failing = await api.publish('  - id: a\n    set: { n: 1 }');
    const ids = await endedRuns(4, failing);
    await api.call('PATCH', `/v1/workflows/${failing}`, { body: { enabled: false } });
    const job = await through({ verb: 'rerun', run_ids: ids, params: { from: 'start' } });
    expect(job).toMatchObject({ failed: 4, done: 0 });
    expect((await resultsOf(job.id, '&outcome=failed'))[0]).toMatchObject({ reason: expect.stringContaining('turned off') });
    expect(await resultsOf(job.id, '&outcome=done')).toEqual([]);
    await api.call('PATCH', `/v1/workflows/${failing}`, { body: { enabled: true } });
    const retried = await api.post(`/v1/jobs/${job.id}/retry`, {});
    expect(retried.status).toBe(202);
    expect(await jobEnded(retried.body.id)).toMatchObject({ retry_of: job.id, total: 4, done: 4 });
    const again = await api.post(`/v1/jobs/${job.id}/retry`, {});
    expect([again.status, again.body.id]).toEqual([200, retried.body.id]);
    expectRefusal(await api.post(`/v1/jobs/${retried.body.id}/retry`, {}), 409);
  });

  test('is made once under an idempotency key', async () => {
    const [id] = await endedRuns(1);
    const body = { verb: 'label', run_ids: [id], params: { labels: ['a:b'] } };
    const headers = { 'idempotency-key': 'label them' };
    const first = await api.post('/v1/jobs', body, { headers });
    const again = await api.post('/v1/jobs', body, { headers });
    expect([first.status, again.status, again.body.id]).toEqual([202, 200, first.body.id]);
    expect(again.headers.get('idempotent-replay')).toBe('true');
    expectRefusal(await api.post('/v1/jobs', { ...body, params: { labels: ['c:d'] } }, { headers }), 409);
  });

  test('of nothing is completed at once', async () => {
    expect(await through({ verb: 'archive', filter: { reference: 'nobody has it' } })).toMatchObject({
      total: 0,
      status: 'completed',
    });
  });

  test('hides the inputs that it was given', async () => {
    const [id] = await endedRuns(1);
    const job = await through({ verb: 'rerun', run_ids: [id], params: { from: 'start', inputs: { token: 'secret-1' } } });
    expect(job.params).toMatchObject({ from: 'start', inputs: '***' });
  });
});

describe('a dry run', () => {
  test('counts what the job then does, says why others are left alone, and does nothing', async () => {
    const waits = await api.publish(`${WAITS}\n  - id: pay\n    repeatable: false\n    set: {}`);
    const once = await api.publish('  - id: pay\n    repeatable: false\n    http: { method: GET, url: "${ $input.url }" }');
    const live = (await api.start(waits)).body.id;
    const done = await endedRuns(4);
    const paid = await Promise.all([1, 2].map(async () => (await api.start(once, { url: `${api.url}/v2/health` })).body.id));
    await Promise.all(paid.map((id) => api.ended(id)));
    for (const verb of [{ verb: 'rerun', params: { from: 'start' } }, { verb: 'archive' }, { verb: 'delete' }]) {
      const body = { ...verb, run_ids: [live, ...done, ...paid] };
      const before = (await api.get('/v1/runs/count')).body;
      const foreseen = await api.post('/v1/jobs', { ...body, dry_run: true });
      expect(foreseen.status).toBe(200);
      expect((await api.get('/v1/runs/count')).body).toEqual(before);
      expect(foreseen.body).toMatchObject({ object: 'job_dry_run', total: 7, looked: 7, exact: true });
      const job = await through(body);
      expect(job).toMatchObject({ total: 7, done: foreseen.body.would, failed: 0 });
      const skipped: Record<string, number> = {};
      for (const { reason } of await resultsOf(job.id, '&outcome=skipped')) skipped[reason] = (skipped[reason] ?? 0) + 1;
      expect(Object.fromEntries(foreseen.body.exclusions.map(({ reason, count }: Body) => [reason, count]))).toEqual(skipped);
      expect(foreseen.body.sample.length).toBe(foreseen.body.would);
      if (verb.verb === 'rerun') {
        expect(foreseen.body.would).toBe(4);
        expect(foreseen.body.exclusions).toContainEqual({ reason: expect.stringContaining('pay'), count: 2 });
        expect(foreseen.body.exclusions).toContainEqual({ reason: expect.stringContaining('has not ended'), count: 1 });
      }
      if (verb.verb === 'archive') await through({ verb: 'unarchive', run_ids: [live, ...done, ...paid] });
    }
  });
});

describe('a job is refused', () => {
  const NOBODY = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

  test('that names more than 1,000 runs, or none, or runs and a filter, or a filter that narrows nothing', async () => {
    const many = Array.from({ length: 1001 }, (_, n) => `run-${n}`);
    expectRefusal(await api.post('/v1/jobs', { verb: 'archive', run_ids: many }), 400, 'run_ids');
    expectRefusal(await api.post('/v1/jobs', { verb: 'archive', run_ids: [] }), 400, 'run_ids');
    expectRefusal(await api.post('/v1/jobs', { verb: 'archive' }), 400);
    expectRefusal(await api.post('/v1/jobs', { verb: 'archive', run_ids: ['a'], filter: { q: 'x' } }), 400);
    expectRefusal(await api.post('/v1/jobs', { verb: 'archive', filter: {} }), 400, 'filter');
    expectRefusal(await api.post('/v1/jobs', { verb: 'explode', run_ids: ['a'] }), 400, 'verb');
    expectRefusal(await api.post('/v1/jobs', { verb: 'label', run_ids: ['a'], params: { labels: [] } }), 400);
    expectRefusal(await api.post('/v1/jobs', { verb: 'archive', run_ids: ['a'], rate: 0 }), 400, 'rate');
  });

  test('when a run of it is unknown or of others: nothing is done with any of them', async () => {
    const [id] = await endedRuns(1);
    expectRefusal(await api.post('/v1/jobs', { verb: 'archive', run_ids: [id, NOBODY] }), 404, 'run');
    const stranger = await api.keyOf({ workspace: 'strangers' });
    expectRefusal(await api.post('/v1/jobs', { verb: 'archive', run_ids: [id] }, { key: stranger }), 404, 'run');
    const other = await api.keyOf({ project: 'elsewhere' });
    expectRefusal(await api.post('/v1/jobs', { verb: 'archive', run_ids: [id] }, { key: other }), 404, 'run');
    expect((await api.get(`/v1/runs/${id}`)).body.archived).toBe(false);
  });

  test('to those whose role does not reach: viewers none, deletion to admins alone', async () => {
    const [id] = await endedRuns(1);
    const keys = Object.fromEntries(
      await Promise.all(
        (['viewer', 'operator', 'editor'] as const).map(async (role) => [role, await api.keyOf({ role, project: 'examples' })]),
      ),
    );
    const archive = { verb: 'archive', run_ids: [id] };
    const remove = { verb: 'delete', run_ids: [id] };
    expectRefusal(await api.post('/v1/jobs', archive, { key: keys.viewer }), 403);
    const made = await api.post('/v1/jobs', archive, { key: keys.operator });
    expect(made.status).toBe(202);
    expect((await jobEnded(made.body.id, keys.viewer)).done).toBe(1);
    expectRefusal(await api.post(`/v1/jobs/${made.body.id}/abort`, {}, { key: keys.viewer }), 403);
    for (const role of ['operator', 'editor']) {
      expectRefusal(await api.post('/v1/jobs', remove, { key: keys[role] }), 403);
      expectRefusal(await api.post('/v1/jobs', { ...remove, dry_run: true }, { key: keys[role] }), 403);
    }
    expect((await api.get(`/v1/runs/${id}`)).status).toBe(200);
  });
});

/** Runs that have ended, as rows alone. */
async function storedRuns(count: number): Promise<string[]> {
  const client = new DynamoDBClient({ endpoint: api.cloud.cloudUrl });
  const runs = new DynamoRuns(() => client, { table: process.env['RUNS_TABLE'] ?? '' });
  const all = Array.from({ length: count }, () =>
    aRun({ id: ulid(), workspace: 'local', project: 'examples', status: 'succeeded', dueAt: undefined, definition: 'none' }),
  );
  for (let at = 0; at < count; at += 50) await Promise.all(all.slice(at, at + 50).map((run) => runs.create(run)));
  return all.map(({ id }) => id);
}

test('a thousand runs by their ids', { timeout: 90_000 }, async () => {
  const ids = await storedRuns(1000);
  expect(await through({ verb: 'archive', run_ids: ids })).toMatchObject({ total: 1000, done: 1000 });
  const seen: string[] = [];
  const { id } = (await api.get('/v1/jobs?limit=1')).body.items[0];
  for (let token = ''; ; ) {
    const { body } = await api.get(`/v1/jobs/${id}/results?limit=100${token}`);
    seen.push(...body.items.map(({ run_id }: Body) => run_id));
    if (body.continuation_token === null) break;
    token = `&continuation_token=${body.continuation_token}`;
  }
  expect(seen.toSorted()).toEqual(ids.toSorted());
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20);
}
