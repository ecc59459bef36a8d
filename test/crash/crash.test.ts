import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { howMany } from '../harness/how-many.ts';
import type { Run } from '../run/client.ts';
import { type StubServer, startStub } from '../stub-server.ts';
import { type Finished, noteFinished } from './finished.ts';
import { Household } from './household.ts';
import { orders, rightEnd, scriptOrders, wrongCalls } from './orders.ts';

/** More of them in `npm run soak`. */
const ROUNDS = howMany('ROUNDS', 12);

const house = new Household();
let stub: StubServer;
let workflow: string;

beforeAll(async () => {
  stub = await startStub();
  scriptOrders(stub);
  await house.start();
  workflow = await house.api.publish(orders(stub));
});

afterAll(async () => {
  await house.close();
  await stub.close();
});

interface Accepted {
  run: Run;
  n: number;
  killsBefore: number;
  finished: Finished;
}

/** Notes what has ended before a kill. Answers how many runs are in the middle of it. */
async function note(accepted: Accepted[]): Promise<number> {
  const logs = await Promise.all(accepted.map(({ run, finished }) => noteFinished(house.api, stub, run, finished)));
  return logs.filter((log) => log.every(({ type }) => type !== 'run_succeeded')).length;
}

async function check({ run, n, killsBefore, finished }: Accepted, what = `run ${run.id}`): Promise<void> {
  const ended = await house.api.ended(run.id);
  expect(ended, what).toMatchObject(rightEnd(n));
  expect(wrongCalls(stub, run, n, house.kills - killsBefore, finished), what).toEqual([]);
  const story = await house.api.story(run.id);
  expect(story.filter((line) => line === 'run_succeeded')).toHaveLength(1);
  expect(new Set(story.filter((line) => line.startsWith('step_completed'))).size, 'ends told once').toBe(
    story.filter((line) => line.startsWith('step_completed')).length,
  );
}

describe('kill -9 of everything, at any moment', () => {
  test(
    `${ROUNDS} times at random while runs come in: each accepted run reaches its right end, no finished step is executed again`,
    async () => {
      const accepted: Accepted[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const until = performance.now() + 150 + Math.random() * 1400;
        for (let n = accepted.length; performance.now() < until; n = accepted.length) {
          const killsBefore = house.kills;
          accepted.push({ run: await house.api.start(workflow, { n }), n, killsBefore, finished: new Map() });
          await sleep(Math.max(0, Math.min(250, until - performance.now())));
        }
        expect(await note(accepted), 'runs that are killed in the middle').toBeGreaterThan(0);
        await house.crash();
      }
      expect(house.kills).toBe(ROUNDS);
      expect(accepted.length).toBeGreaterThanOrEqual(ROUNDS);
      for (const one of accepted) await check(one);
    },
    60_000 + ROUNDS * 10_000,
  );
});

describe('kill -9 at a chosen moment', () => {
  const moments: [string, (run: Run) => Promise<unknown>][] = [
    ['right after the start was accepted', async () => {}],
    ['in the middle of a long http step', (run) => seen(run, 'long')],
    ['between two steps', (run) => seen(run, 'left')],
    ['in the middle of a loop', (run) => seen(run, 'each[2]/item')],
    ['in a wait', (run) => house.api.until(run.id, ({ steps }) => (steps['succeeded'] ?? 0) >= 20)],
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
      const n = accepted.size;
      const killsBefore = house.kills;
      const one: Accepted = { run: await house.api.start(workflow, { n }), n, killsBefore, finished: new Map() };
      accepted.set(moment, one);
      await reached(one.run);
      await house.crash();
    }
    for (const [moment, one] of accepted) await check(one, `killed ${moment}`);
  });

  test('while the run is settled: it has succeeded once, with its outputs', { timeout: 60_000 }, async () => {
    const quick = await house.api.publish({
      steps: [{ id: 'a', http: { method: 'POST', url: `${stub.url}/settle`, body: {} } }],
      output: { ok: true },
    });
    const runs = await Promise.all(Array.from({ length: 10 }, () => house.api.start(quick)));
    await stub.called('/settle', 4);
    await house.crash();
    for (const { id } of runs) {
      expect(await house.api.ended(id)).toMatchObject({ status: 'succeeded', outputs: { ok: true } });
      expect((await house.api.story(id)).filter((line) => line === 'run_succeeded')).toHaveLength(1);
    }
    expect(stub.count('/settle')).toBeLessThanOrEqual(20);
  });

  test('a step that says repeatable: false is not executed again: the run fails with StepInterrupted', {
    timeout: 60_000,
  }, async () => {
    stub.on('/once', { afterMs: 3000 });
    const once = await house.api.publish({
      steps: [
        { id: 'pay', repeatable: false, http: { method: 'POST', url: `${stub.url}/once`, body: {} } },
        { id: 'after', set: {} },
      ],
    });
    const run = await house.api.start(once);
    await stub.called('/once');
    await house.crash();
    expect(await house.api.ended(run.id)).toMatchObject({ status: 'failed', error: { name: 'StepInterrupted', step: 'pay' } });
    expect(await house.api.fates(run.id)).toEqual({ pay: 'failed', after: 'skipped/blocked' });
    expect(stub.count('/once')).toBe(1);
  });

  test('a group that is tried again is tried no more often than it may be', { timeout: 60_000 }, async () => {
    const url = stub.on('/tries', { status: 500 });
    const again = await house.api.publish({
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
    const run = await house.api.start(again);
    await stub.called('/tries', 1);
    await house.crash();
    await stub.called('/tries', 2);
    await house.crash();
    expect(await house.api.ended(run.id)).toMatchObject({ status: 'succeeded', outputs: { g: { ok: true } } });
    expect(stub.count('/tries')).toBeLessThanOrEqual(4);
    expect(Object.keys(await house.api.fates(run.id)).filter((key) => key.endsWith('call')).length).toBeLessThanOrEqual(2);
  });

  test('while workflows are published: each is there with its version, or was not accepted, and can be published again', {
    timeout: 60_000,
  }, async () => {
    const definition = { format: 1, name: `published-${Date.now()}`, steps: [{ id: 'a', set: {} }], output: { at: 1 } };
    const created: string[] = [];
    const publishing = (async () => {
      for (let k = 0; k < 50; k++) {
        const id = await house.api.draft({ ...definition, name: `${definition.name}-${k}` });
        created.push(id);
        await house.api.publishDraft(id);
      }
    })().catch(() => undefined);
    while (created.length < 3) await sleep(5);
    await house.crash();
    await publishing;
    expect(created.length, 'published before the kill').toBeLessThan(50);
    for (const id of created.slice(-3)) {
      await house.api.publishDraft(id);
      const run = await house.api.start(id);
      expect(await house.api.ended(run.id)).toMatchObject({ status: 'succeeded', outputs: { at: 1 } });
    }
  });

  test('a stop that was accepted holds', { timeout: 60_000 }, async () => {
    const waits = await house.api.publish({
      steps: [
        { id: 'w', wait: '1h' },
        { id: 'after', http: { method: 'GET', url: `${stub.url}/after-stop` } },
      ],
    });
    const runs = await Promise.all([1, 2, 3, 4].map(() => house.api.start(waits)));
    const [first, ...rest] = runs;
    if (!first) throw new Error('no run');
    const stopped = await house.api.stop(first);
    await Promise.all([
      Promise.all(rest.map((run) => house.api.stop(run).catch(() => undefined))),
      sleep(5).then(() => house.crash()),
    ]);
    expect(stopped.status).toBe(202);
    expect((await house.api.run(first.id)).status).toBe('stopped');
    for (const { id, workflow_id } of rest) {
      const { status } = await house.api.run(id);
      if (status !== 'stopped')
        await house.api.call('POST', `/v1/workflows/${workflow_id}/command`, { command: 'stop', run_id: id });
      expect((await house.api.ended(id)).status).toBe('stopped');
    }
    expect(stub.count('/after-stop')).toBe(0);
  });
});
