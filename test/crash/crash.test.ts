import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { howMany } from '../harness/how-many.ts';
import { Installation } from '../harness/installation.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';
import type { Event, Run } from '../run/client.ts';
import { type Finished, noteFinished, wrongLog } from './finished.ts';
import { orders, rightEnd, scriptOrders, wrongCalls } from './orders.ts';

/** More of them in `npm run soak`. */
const CRASHES = howMany('CRASHES', 8);

const setting = new Installation();
let stub: StubServer;
let workflow: string;

beforeAll(async () => {
  stub = await startStub();
  scriptOrders(stub);
  await setting.start();
  workflow = await setting.api.publish(orders(stub));
});

afterAll(async () => {
  await setting.close();
  await stub.close();
});

interface Accepted {
  run: Run;
  n: number;
  killsBefore: number;
  finished: Finished;
  /** As far as it was read. */
  log: Event[];
}

const accept = async (n: number): Promise<Accepted> => {
  const killsBefore = setting.kills;
  return { run: await setting.api.start(workflow, { n }), n, killsBefore, finished: new Map(), log: [] };
};

/** Reads the log of a run that goes on: it is what it was, and perhaps longer. Answers whether it has ended. */
async function follow(one: Accepted): Promise<boolean> {
  const log = await noteFinished(setting.api, stub, one.run, one.finished);
  expect(log.slice(0, one.log.length), `log of run ${one.run.id}`).toEqual(one.log);
  one.log = log;
  return log.at(-1)?.type === 'run_succeeded';
}

async function check(one: Accepted, what = `run ${one.run.id}`): Promise<void> {
  const { run, n, killsBefore, finished } = one;
  expect(await setting.api.ended(run.id), what).toMatchObject(rightEnd(n));
  expect(await follow(one), what).toBe(true);
  expect(wrongCalls(stub, run, n, setting.kills - killsBefore, finished), what).toEqual([]);
  expect(wrongLog(one.log), what).toEqual([]);
  stub.forget(({ query }) => query['run'] === run.id);
}

/** kill -9, and up again. How long it took until the API answered, and until a run that was in the middle of it made its next call. */
async function timedCrash(open: Accepted[]): Promise<{ upMs: number; onMs: number | undefined }> {
  const killed = performance.now();
  await setting.crash();
  const upMs = performance.now() - killed;
  const goesOn = () => stub.calls.find(({ at, query }) => at > killed + 50 && open.some(({ run }) => run.id === query['run']));
  const call = await vi.waitUntil(goesOn, { timeout: 5_000, interval: 10 }).catch(() => undefined);
  return { upMs, onMs: call && call.at - killed };
}

const median = (values: number[]) => Math.round(values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN);

describe('kill -9 of everything, at any moment', () => {
  test(
    `${CRASHES} times at random while runs come in: each accepted run reaches its right end, no finished step is executed again, the log has one order`,
    async () => {
      let open: Accepted[] = [];
      let count = 0;
      const times: Awaited<ReturnType<typeof timedCrash>>[] = [];
      for (let round = 0; round < CRASHES; round++) {
        const until = performance.now() + 150 + Math.random() * 1400;
        while (performance.now() < until) {
          open.push(await accept(count++));
          await sleep(Math.max(0, Math.min(250, until - performance.now())));
        }
        const ended = new Set<Accepted>();
        await Promise.all(open.map(async (one) => (await follow(one)) && ended.add(one)));
        for (const one of ended) await check(one);
        open = open.filter((one) => !ended.has(one));
        expect(open.length, 'runs that are killed in the middle').toBeGreaterThan(0);
        times.push(await timedCrash(open));
      }
      for (const one of open) await check(one);
      expect(setting.kills).toBe(CRASHES);
      expect(setting.output, 'with EXAMPLES=off').not.toMatch(/^(published|run) /m);
      expect(count).toBeGreaterThanOrEqual(CRASHES);
      const [up, on] = [times.map(({ upMs }) => upMs), times.flatMap(({ onMs }) => onMs ?? [])];
      console.info(
        `kill -9: ${CRASHES} times, ${count} runs. Up again after ${median(up)} ms (median; ${Math.round(Math.max(...up))} at most), runs go on after ${median(on)} ms (${Math.round(Math.max(...on))} at most).`,
      );
    },
    60_000 + CRASHES * 15_000,
  );
});

describe('kill -9 at a chosen moment', () => {
  const moments: [string, (run: Run) => Promise<unknown>][] = [
    ['right after the start was accepted', async () => {}],
    ['in the middle of a long http step', (run) => seen(run, 'long')],
    ['between two steps', (run) => seen(run, 'left')],
    ['in the middle of a loop', (run) => seen(run, 'each[2]/item')],
    ['in a wait', (run) => setting.api.until(run.id, ({ steps }) => (steps['succeeded'] ?? 0) >= 20)],
    ['before the next attempt', (run) => seen(run, 'flaky', '/flaky')],
    ['in a handler', (run) => seen(run, 'mend')],
    ['in the last step', (run) => seen(run, 'last')],
  ];
  const seen = async ({ id }: Run, key: string, path?: string) => {
    const found = () =>
      stub.calls.some(
        ({ query, path: at }) => query['run'] === id && query['key'] === key && (path === undefined || at === path),
      );
    while (!found()) await sleep(2);
  };

  test(`${moments.map(([moment]) => moment).join('; ')}`, { timeout: 120_000 }, async () => {
    const accepted = new Map<string, Accepted>();
    for (const [moment, reached] of moments) {
      const one = await accept(accepted.size);
      accepted.set(moment, one);
      await reached(one.run);
      await setting.crash();
    }
    for (const [moment, one] of accepted) await check(one, `killed ${moment}`);
  });

  test('while the run is settled: it has succeeded once, with its outputs', { timeout: 60_000 }, async () => {
    const quick = await setting.api.publish({
      steps: [{ id: 'a', http: { method: 'POST', url: `${stub.url}/settle`, body: {} } }],
      output: { ok: true },
    });
    const runs = await Promise.all(Array.from({ length: 10 }, () => setting.api.start(quick)));
    await stub.called('/settle', 4);
    await setting.crash();
    for (const { id } of runs) {
      expect(await setting.api.ended(id)).toMatchObject({ status: 'succeeded', outputs: { ok: true } });
      expect((await setting.api.story(id)).filter((line) => line === 'run_succeeded')).toHaveLength(1);
    }
    expect(stub.count('/settle')).toBeLessThanOrEqual(20);
  });

  test('a step that says repeatable: false is not executed again: the run fails with StepInterrupted', {
    timeout: 60_000,
  }, async () => {
    stub.on('/once', { afterMs: 3000 });
    const once = await setting.api.publish({
      steps: [
        { id: 'pay', repeatable: false, http: { method: 'POST', url: `${stub.url}/once`, body: {} } },
        { id: 'after', set: {} },
      ],
    });
    const run = await setting.api.start(once);
    await stub.called('/once');
    await setting.crash();
    expect(await setting.api.ended(run.id)).toMatchObject({ status: 'failed', error: { name: 'StepInterrupted', step: 'pay' } });
    expect(await setting.api.fates(run.id)).toEqual({ pay: 'failed', after: 'skipped/blocked' });
    expect(stub.count('/once')).toBe(1);
  });

  test('a group that is tried again is tried no more often than it may be', { timeout: 60_000 }, async () => {
    const url = stub.on('/tries', { status: 500 });
    const again = await setting.api.publish({
      steps: [
        {
          id: 'g',
          retry: { attempts: 2, delay: '2s', backoff: 1 },
          parallel: { x: [{ id: 'call', http: { method: 'GET', url } }] },
          catch: [{ steps: [{ id: 'mend', set: { ok: true } }] }],
        },
      ],
      output: { g: '${ $steps.g }' },
    });
    const run = await setting.api.start(again);
    await stub.called('/tries', 1);
    await setting.crash();
    await stub.called('/tries', 2);
    await setting.crash();
    expect(await setting.api.ended(run.id)).toMatchObject({ status: 'succeeded', outputs: { g: { ok: true } } });
    expect(stub.count('/tries')).toBeLessThanOrEqual(4);
    expect(Object.keys(await setting.api.fates(run.id)).filter((key) => key.endsWith('call')).length).toBeLessThanOrEqual(2);
  });

  test('while workflows are published: each is there with its version, or was not accepted, and can be published again', {
    timeout: 60_000,
  }, async () => {
    const definition = { format: 1, name: `published-${Date.now()}`, steps: [{ id: 'a', set: {} }], output: { at: 1 } };
    const created: string[] = [];
    const publishing = (async () => {
      for (let k = 0; k < 50; k++) {
        const id = await setting.api.draft({ ...definition, name: `${definition.name}-${k}` });
        created.push(id);
        await setting.api.publishDraft(id);
      }
    })().catch(() => undefined);
    while (created.length < 3) await sleep(5);
    await setting.crash();
    await publishing;
    expect(created.length, 'published before the kill').toBeLessThan(50);
    for (const id of created.slice(-3)) {
      await setting.api.publishDraft(id);
      const run = await setting.api.start(id);
      expect(await setting.api.ended(run.id)).toMatchObject({ status: 'succeeded', outputs: { at: 1 } });
    }
  });

  test('a stop that was accepted holds', { timeout: 60_000 }, async () => {
    const waits = await setting.api.publish({
      steps: [
        { id: 'w', wait: '1h' },
        { id: 'after', http: { method: 'GET', url: `${stub.url}/after-stop` } },
      ],
    });
    const runs = await Promise.all([1, 2, 3, 4].map(() => setting.api.start(waits)));
    const [first, ...rest] = runs;
    if (!first) throw new Error('no run');
    const stopped = await setting.api.stop(first);
    await Promise.all([
      Promise.all(rest.map((run) => setting.api.stop(run).catch(() => undefined))),
      sleep(5).then(() => setting.crash()),
    ]);
    expect(stopped.status).toBe(202);
    expect((await setting.api.run(first.id)).status).toBe('stopped');
    for (const { id, workflow_id } of rest) {
      const { status } = await setting.api.run(id);
      // One whose end was written before its row could show it says so now: 409.
      if (status !== 'stopped')
        expect([202, 409]).toContain(
          (await setting.api.call('POST', `/v1/workflows/${workflow_id}/command`, { command: 'stop', run_id: id })).status,
        );
      expect((await setting.api.ended(id)).status).toBe('stopped');
    }
    expect(stub.count('/after-stop')).toBe(0);
  });
});
