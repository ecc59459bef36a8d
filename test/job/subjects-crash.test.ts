import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { howMany } from '../harness/how-many.ts';
import { Installation } from '../harness/installation.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';

const setting = new Installation();
let stub: StubServer;
beforeAll(async () => {
  [stub] = await Promise.all([startStub(), setting.start()]);
});
afterAll(() => Promise.all([setting.close(), stub.close()]));

/** More of both in `npm run soak`. */
const COUNT = howMany('JOB_RUNS', 200);
const KILLS = howMany('KILLS', 2);

const jobShape = z.looseObject({ id: z.string(), ended_at: z.string().nullable(), done: z.int(), failed: z.int() });
const listed = z.object({ items: z.array(z.looseObject({ id: z.string() })), continuation_token: z.string().nullable() });
const jobNow = async (id: string) => jobShape.parse(await setting.api.expect(200, 'GET', `/v1/jobs/${id}`));

async function all(path: string) {
  const items: z.infer<typeof listed>['items'] = [];
  for (let token = ''; ; ) {
    const page = listed.parse(await setting.api.expect(200, 'GET', `${path}&limit=100${token}`));
    items.push(...page.items);
    if (page.continuation_token === null) return items;
    token = `&continuation_token=${page.continuation_token}`;
  }
}

/** The job once it has ended, though it was killed that often on its way. */
async function throughKills(path: string, body: object) {
  const { id } = jobShape.parse(await setting.api.expect(202, 'POST', path, body));
  for (let kill = 1; kill <= KILLS; kill += 1) {
    while ((await jobNow(id)).done < (COUNT * kill) / (KILLS + 1)) await sleep(5);
    await setting.crash();
  }
  for (;;) {
    const job = await jobNow(id);
    if (job.ended_at !== null) return job;
    await sleep(20);
  }
}

const WITHIN_MS = 120_000 + COUNT * 200;

test(
  `kill -9 ${KILLS} times half-way through one answer for ${COUNT} tasks: each has it once, and every run goes on`,
  async () => {
    stub.on('/erp', { status: 400 });
    const workflow = await setting.api.publish({
      steps: [{ id: 'book', http: { method: 'POST', url: `${stub.url}/erp`, body: {} }, onError: 'ask' }],
    });
    for (let at = 0; at < COUNT; at += 25) await Promise.all(Array.from({ length: 25 }, () => setting.api.start(workflow)));
    const open = () => all(`/v1/tasks?workflow_id=${workflow}&status=open`);
    let tasks = await open();
    for (; tasks.length < COUNT; tasks = await open()) await sleep(100);
    stub.on('/erp', { body: { ok: true } });
    const job = await throughKills('/v1/tasks/answer', { group: tasks[0]?.['group'], decision: 'retry' });
    expect(job).toMatchObject({ status: 'completed', total: COUNT, done: COUNT, failed: 0 });
    expect(await all(`/v1/jobs/${job.id}/results?`)).toHaveLength(COUNT);
    const succeeded = () => all(`/v1/runs?workflow_id=${workflow}&status=succeeded`);
    let ended = await succeeded();
    for (; ended.length < COUNT; ended = await succeeded()) await sleep(200);
    expect(ended.map(({ id }) => id).toSorted()).toEqual(tasks.map(({ run_id }) => run_id).toSorted());
    const after = await all(`/v1/tasks?workflow_id=${workflow}`);
    expect(after).toHaveLength(COUNT);
    expect(new Set(after.map(({ status, decision }) => `${status} ${decision}`))).toEqual(new Set(['answered retry']));
    for (const { run_id } of tasks.slice(0, 20)) {
      const { items } = z
        .object({ items: z.array(z.unknown()) })
        .parse(await setting.api.expect(200, 'GET', `/v1/runs/${run_id}/events?type=task_answered`));
      expect(items).toHaveLength(1);
    }
  },
  WITHIN_MS,
);

test(
  `kill -9 ${KILLS} times half-way through a redelivery of ${COUNT} deliveries: each starts one run, and is counted once`,
  async () => {
    const workflow = await setting.api.publish({ steps: [{ id: 'a', set: { ok: true } }] });
    const of = `/v1/workflows/${workflow}`;
    await setting.api.expect(201, 'POST', `${of}/webhooks`, { name: 'orders', scheme: 'none' }).then(async (made) => {
      const { url } = z.object({ url: z.string() }).parse(made);
      await setting.api.expect(200, 'PATCH', of, { enabled: false });
      for (let at = 0; at < COUNT; at += 25)
        await Promise.all(
          Array.from({ length: 25 }, (_, n) =>
            fetch(url, { method: 'POST', body: JSON.stringify({ n: at + n }), headers: { 'content-type': 'application/json' } }),
          ),
        );
    });
    await setting.api.expect(200, 'PATCH', of, { enabled: true });
    const job = await throughKills('/v1/deliveries/redeliver', { filter: { workflow_id: workflow } });
    expect(job).toMatchObject({ status: 'completed', total: COUNT, done: COUNT, failed: 0 });
    const deliveries = await all(`/v1/deliveries?workflow_id=${workflow}`);
    expect(deliveries).toHaveLength(COUNT);
    expect(new Set(deliveries.map(({ redeliveries }) => redeliveries))).toEqual(new Set([1]));
    expect(new Set(deliveries.map(({ run_id }) => run_id)).size).toBe(COUNT);
    // One that was interrupted between the start of its run and the note of that finds the run there.
    for (const { outcome } of deliveries) expect(['accepted', 'duplicate']).toContain(outcome);
    expect(await all(`/v1/runs?workflow_id=${workflow}`)).toHaveLength(COUNT);
    const records = await all(`/v1/audit?object=${deliveries[0]?.id}&act=delivery.redeliver`);
    expect(records).toHaveLength(1);
  },
  WITHIN_MS,
);
