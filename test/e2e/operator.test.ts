import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { Slots } from '../../shared/kernel/slots.ts';
import { howMany } from '../harness/how-many.ts';
import { Installation } from '../harness/installation.ts';
import { Listener } from '../harness/listener.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';

/** 5,000 of them in `npm run soak`. */
const RUNS = howMany('OPERATOR_RUNS', 250);
const WORKFLOWS = 5;
/** Runs that fail alike: all of the first workflow, until its service is up. */
const ALIKE = RUNS / WORKFLOWS;
const AT_ONCE = 20;
const LOST_CONNECTIONS = 3;

const setting = new Installation();
let stub: StubServer;
beforeAll(async () => {
  stub = await startStub();
  await setting.start();
}, 60_000);
afterAll(async () => {
  await setting.close();
  await stub.close();
});

const page = z.object({ items: z.array(z.record(z.string(), z.unknown())), continuation_token: z.string().nullish() });
type Item = Record<string, unknown>;

const get = (path: string) => setting.api.expect(200, 'GET', path);
const itemsOf = async (path: string): Promise<Item[]> => page.parse(await get(path)).items;

/** All pages. */
async function allOf(path: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let token = ''; ; ) {
    const one = page.parse(await get(`${path}${token}`));
    items.push(...one.items);
    if (!one.continuation_token) return items;
    token = `&continuation_token=${encodeURIComponent(one.continuation_token)}`;
  }
}

/** Thousands of connections at once would say something about sockets alone. */
const slots = new Slots(AT_ONCE);
const each = <T>(ids: string[], act: (id: string) => Promise<T>) => Promise.all(ids.map((id) => slots.run(() => act(id))));

/** Like `expect.poll`, over an installation that may be down for a while. */
async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean, withinMs = 60_000): Promise<T> {
  for (const end = Date.now() + withinMs; ; await sleep(100)) {
    const value = await read().catch(() => undefined);
    if (value !== undefined && holds(value)) return value;
    if (Date.now() > end) throw new Error(`Not within ${withinMs} ms: ${JSON.stringify(value).slice(0, 500)}`);
  }
}

test(`an operator finds one of ${RUNS} runs, sees what failed, recovers all alike, and reads who did what`, {
  timeout: 1_800_000,
}, async () => {
  // Whatever is asked for, less shows nothing.
  expect(ALIKE).toBeGreaterThanOrEqual(50);
  const { api } = setting;
  let isDown = true;
  const erp = stub.on('/erp', () => (isDown ? { status: 503, body: { error: 'down' } } : { body: { booked: true } }));
  const workflows = await Promise.all(
    Array.from({ length: WORKFLOWS }, (_, n) =>
      api.publish({
        reference: '${ $input.order }',
        steps: [
          { id: 'note', set: { order: '${ $input.order }' } },
          ...(n === 0 ? [{ id: 'book', http: { method: 'POST', url: erp, body: { order: '${ $input.order }' } } }] : []),
        ],
      }),
    ),
  );
  const [broken = ''] = workflows;

  // All of them run; somebody looks on, and loses the connection three times.
  const onlooker = lookOn(LOST_CONNECTIONS);
  const ids: string[] = [];
  for (let n = 0; n < RUNS; n += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, RUNS - n) }, (_, at) => n + at);
    const started = some.map((at) => api.start(workflows[at % WORKFLOWS] ?? '', { order: `PO-${4000 + at}` }));
    ids.push(...(await Promise.all(started)).map(({ id }) => id));
  }
  await each(ids, (id) => api.ended(id));
  expect(new Set(ids).size).toBe(RUNS);

  // One is found by what the business calls it, whatever its case.
  const [found, ...others] = await itemsOf('/v1/runs?reference=po-4000');
  expect(others).toEqual([]);
  expect(found).toMatchObject({ reference: 'PO-4000', status: 'failed', error: { name: 'HttpServerError' } });

  // Its kind of failure is in the inbox, with as many as there are.
  const inbox = z.object({ failed: z.object({ items: z.array(z.record(z.string(), z.unknown())) }) });
  const failedAlike = async () => inbox.parse(await get('/v1/inbox')).failed.items.find((one) => one['workflow_id'] === broken);
  const group = await until(failedAlike, (one) => one?.['count'] === ALIKE);
  expect(group).toMatchObject({ step_id: 'book', error: { name: 'HttpServerError' } });

  await api.expect(201, 'POST', `/v1/runs/${found?.['id']}/comments`, { text: 'The ERP was down.' });

  // All alike are recovered by one job, which is killed half-way.
  isDown = false;
  const filter = { workflow_id: broken, status: ['failed'] };
  const recovery = { verb: 'rerun', filter, params: { from: 'failed' }, name: 'ERP is up', reason: 'The ERP was down' };
  expect(await api.expect(200, 'POST', '/v1/jobs', { ...recovery, dry_run: true })).toMatchObject({ total: ALIKE, would: ALIKE });
  const job = z.object({ id: z.string() }).parse(await api.expect(202, 'POST', '/v1/jobs', recovery));
  const progress = z.object({ status: z.string(), done: z.int(), failed: z.int(), skipped: z.int() });
  await until(
    async () => progress.parse(await get(`/v1/jobs/${job.id}`)),
    ({ done }) => done > 0,
  );
  await setting.crash();
  const ended = await until(
    async () => progress.parse(await get(`/v1/jobs/${job.id}`)),
    ({ status }) => status === 'completed',
    120_000,
  );
  expect(ended).toMatchObject({ done: ALIKE, failed: 0 });
  const results = await allOf(`/v1/jobs/${job.id}/results?limit=100`);
  const reruns = results.map((one) => String(one['started_run_id']));
  expect(new Set(reruns).size).toBe(ALIKE);
  await each(reruns, async (id) => expect((await setting.api.ended(id)).status).toBe('succeeded'));
  // None was run twice.
  const keys = stub.calls.filter(({ path, at }) => path === '/erp' && at > 0).map(({ idempotencyKey }) => idempotencyKey);
  for (const id of reruns) expect(keys.filter((key) => key === `${id}/book`).length).toBeGreaterThanOrEqual(1);
  expect(await allOf(`/v1/runs?workflow_id=${broken}&trigger=rerun&limit=100`)).toHaveLength(ALIKE);

  // What was said and done is there.
  expect(await itemsOf(`/v1/runs/${found?.['id']}/comments`)).toMatchObject([{ text: 'The ERP was down.' }]);
  expect(await itemsOf(`/v1/audit?act=job.create&limit=10`)).toMatchObject([
    { object: { id: job.id }, reason: 'The ERP was down' },
  ]);
  expect(await itemsOf(`/v1/audit?act=comment.add&limit=10`)).toMatchObject([{ object: { id: found?.['id'] } }]);

  // The counters agree with the runs that there are.
  const overview = z.object({ runs: z.int(), succeeded: z.int(), failed: z.int() });
  const counted = async () => overview.parse(await get('/v1/analytics/overview'));
  // The demo run of the installation is one of them.
  const seen = await until(counted, ({ runs }) => runs >= RUNS + ALIKE);
  expect(seen.failed).toBe(ALIKE);
  await setting.api.expect(200, 'POST', '/v1/analytics/recount', {});
  expect(await counted()).toEqual(seen);

  // Whoever looked on was told of everything once, across lost connections and the crash.
  const { told, lost } = await onlooker();
  expect(lost).toBeGreaterThanOrEqual(LOST_CONNECTIONS);
  expect(told.size).toBeGreaterThan(0);
  for (const [id, cursors] of told) {
    const log = (await setting.api.events(id)).map(({ id: number }) => number);
    expect(cursors, id).toEqual(log.slice(0, cursors.length));
    expect(cursors, id).toHaveLength(log.length);
  }
});

/** Follows the log of a run that takes its time, over connections that it loses. */
function lookOn(times: number): () => Promise<{ told: Map<string, number[]>; lost: number }> {
  const following = follow(times);
  following.catch(() => undefined);
  return () => following;
}

async function follow(times: number) {
  const slow = await setting.api.publish({
    steps: [{ id: 'all', forEach: { in: '${ [1..30] }', as: 'n', concurrency: 1, steps: [{ id: 'nap', wait: '1s' }] } }],
  });
  const { id } = await setting.api.start(slow);
  // It is there again after a crash.
  const { url } = setting.api;
  const cursors: number[] = [];
  let lost = 0;
  for (let isOver = false; !isOver; ) {
    const after = cursors.at(-1) ?? -1;
    const listener = await Listener.authorized(url).catch(() => undefined);
    if (!listener) {
      await sleep(200);
      continue;
    }
    const heard = () => listener.of(`run:${id}`).map(({ cursor }) => Number(cursor));
    const ends = () => listener.of(`run:${id}`).some(({ event }) => Object(event).type === 'run_succeeded');
    const enough = () => listener.closed || ends() || (lost < times && heard().length >= 5);
    await listener
      .subscribe({ subscribe: `run:${id}`, after })
      .then(() => listener.until(enough, 60_000))
      .catch(() => undefined);
    cursors.push(...heard());
    isOver = ends();
    if (!isOver) lost += 1;
    listener.close();
  }
  return { told: new Map([[id, cursors]]), lost };
}
