import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StepError } from '../../shared/kernel/step-error.ts';
import { stopRun } from '../../shared/run/control/stop-run.ts';
import type { Run } from '../../shared/run/model/run.ts';
import type { Plan } from '../../shared/workflow/plan.ts';
import { anActor, aPlan } from '../harness/builders.ts';
import { checkPromises } from './follow.ts';
import { sleep, virtualTime } from './virtual-time.ts';
import { type Chaos, type Service, World } from './world.ts';

/** More of them in `npm run soak`. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 1);
const timeout = 60_000 * ROUNDS;

beforeAll(() => virtualTime.begin());
afterAll(() => virtualTime.end());

const get = (id: string, more = '') => `{ id: ${id}, http: { method: GET, url: 'https://stub.example' }${more} }`;
const once = aPlan(`  - ${get('pay', ', repeatable: false')}`);
const taking = (ms: number): Service => ({ ms: () => ms, answer: () => ({ status: 200, headers: {}, body: {} }) });

async function through(world: World, plan: Plan, of: Partial<Run> = {}): Promise<Run> {
  const { id } = await virtualTime.through(world.start(plan, of));
  const [run] = await world.settled([id]);
  checkPromises(world, run, await world.engine.state(id), 200);
  return run;
}

describe('a step that says repeatable: false', { timeout }, () => {
  test('is called once at most, whoever dies and whatever comes twice; interrupted, it fails as StepInterrupted', async () => {
    const ends = new Set<string>();
    for (let seed = 0; seed < 60 * ROUNDS; seed += 1) {
      const chaos: Partial<Chaos> = {
        seed,
        dies: 0.1,
        losesAnswer: 0.05,
        startTwice: 0.3,
        calledTwice: 0.3,
        executionLost: 0.2,
        latencyMs: 10,
      };
      const world = new World(chaos, taking(300));
      const run = await through(world, once);
      expect(world.calls.length).toBeLessThanOrEqual(1);
      expect(run.status === 'succeeded' || run.error?.name === 'StepInterrupted', JSON.stringify(run.error)).toBe(true);
      ends.add(run.status);
    }
    expect([...ends].sort()).toEqual(['failed', 'succeeded']);
  });

  test('whose answer came while the stores refused for a minute has succeeded', async () => {
    const world = new World({ busy: [{ from: 1_000, to: 61_000 }] }, taking(5_000));
    expect((await through(world, once)).status).toBe('succeeded');
    expect(world.calls).toMatchObject([{ outcome: 'answered' }]);
  });
});

describe('the time limit of a step', () => {
  const brief = (more = '') =>
    aPlan(`
  - { id: first, set: { one: 1 } }
  - ${get('a', `, needs: [first], timeout: 2s, output: '\${ $steps.first.one }'${more}`)}`);

  test.each([', repeatable: false', ''])('counts no wait for stores that refuse before its call or after it%s', async (more) => {
    const calls = new Set<number>();
    for (let from = 0; from < 1_100; from += 10) {
      const world = new World({ latencyMs: 10, busy: [{ from, to: from + 10_000 }] }, taking(1_000));
      const run = await through(world, brief(more));
      expect(run.status).toBe('succeeded');
      calls.add(world.calls.length);
    }
    expect([...calls]).toEqual([1]);
  });

  test('ends a call that takes longer', async () => {
    const world = new World({}, taking(2_100));
    expect((await through(world, brief())).error).toMatchObject({ name: 'Timeout', message: 'The step did not end within 2 s.' });
  });
});

describe('a driver', () => {
  test('obeys a stop that comes with the end of the run', async () => {
    const plan = aPlan(`  - ${get('a')}`);
    for (let ms = 90; ms < 110; ms += 1) {
      const world = new World({ latencyMs: 20, seed: ms }, taking(100));
      const { id } = await virtualTime.through(world.start(plan));
      await virtualTime.through(sleep(ms));
      const run = await world.engine.runs.get(id);
      if (run)
        await virtualTime.through(
          stopRun(world.as('operator'), run, { mode: 'graceful', actor: anActor('ann') }).catch(() => undefined),
        );
      const [ended] = await world.settled([id]);
      expect(['succeeded', 'cancelled']).toContain(ended.status);
      expect(Date.parse(ended.endedAt ?? '') - Date.parse(ended.createdAt)).toBeLessThan(1_000);
      checkPromises(world, ended, await world.engine.state(id), 200);
    }
  });

  test('is at no step in a group that a stop takes for one that has not begun', async () => {
    const plan = aPlan(`  - { id: p, parallel: { one: [${get('a')}], two: [${get('b')}] } }`);
    let inFlight = 0;
    for (let ms = 0; ms < 200; ms += 5) {
      const world = new World({ latencyMs: 20, seed: ms + 1 }, taking(400));
      const { id } = await virtualTime.through(world.start(plan));
      await virtualTime.through(sleep(ms));
      const run = await world.engine.runs.get(id);
      if (run) await virtualTime.through(stopRun(world.as('operator'), run, { mode: 'immediate', actor: anActor('ann') }));
      await world.settled([id]);
      const state = await world.engine.state(id);
      for (const { key } of world.calls) expect(state.step(key)?.status, `${key}, stopped after ${ms} ms`).toBe('cancelled');
      inFlight += world.calls.length;
    }
    expect(inFlight).toBeGreaterThan(10);
  });

  test('aborts what is in flight within a second of a stop', async () => {
    const world = new World({}, taking(30_000));
    const { id } = await virtualTime.through(world.start(aPlan(`  - ${get('a')}`)));
    await virtualTime.through(sleep(5_300));
    const run = await world.engine.runs.get(id);
    const at = Date.now();
    if (run) await virtualTime.through(stopRun(world.as('operator'), run, { mode: 'immediate', actor: anActor('ann') }));
    await virtualTime.until(() => world.calls[0]?.outcome === 'aborted');
    expect(Date.now() - at).toBeLessThanOrEqual(1_000);
    await world.settled([id]);
  });

  test('begins a step of the longest timeout though it has come some seconds late', async () => {
    const plan = aPlan(`
  - ${get('a', ', timeout: 890s')}
  - ${get('b', ', timeout: 890s')}
`);
    const world = new World({ latencyMs: 4_000 }, taking(600_000));
    expect((await through(world, plan)).status).toBe('succeeded');
    expect(world.calls.map(({ key, outcome }) => `${key} ${outcome}`)).toEqual(['a answered', 'b answered']);
    expect(world.writes.filter(({ entry }) => entry.type === 'driver_started')).toHaveLength(2);
  });

  test('hands over before its time is up, and leaves nothing undone', async () => {
    const plan = aPlan(Array.from({ length: 30 }, (_, n) => `  - ${get(`s${n}`)}`).join('\n'));
    const world = new World({ lifetimeMs: 100_000 }, taking(20_000));
    expect((await through(world, plan)).status).toBe('succeeded');
    expect(world.calls).toHaveLength(30);
    expect(world.engine.executions.started.length).toBeGreaterThan(2);
  });

  test('that comes late is left alone by the sweeper', async () => {
    const world = new World({}, taking(20_000));
    const run = await world.engine.create(once);
    await virtualTime.through(sleep(29_900));
    await world.as('start').executions.start('express', `${run.id}-1`, { run: run.id, execution: 1 });
    await virtualTime.through(sleep(200).then(() => world.sweep()));
    const [ended] = await world.settled([run.id]);
    expect([ended.status, ended.execution]).toEqual(['succeeded', 1]);
  });

  test('waits as long as a retry says, in itself or through the state machine', async () => {
    const plan = aPlan(`  - ${get('a', ', retry: { attempts: 4, delay: 1s, backoff: 10 }')}`);
    let calls = 0;
    const world = new World(
      {},
      {
        ms: () => 0,
        answer: () => {
          calls += 1;
          if (calls < 4) throw new StepError('HttpServerError', 'no');
          return { status: 200, headers: {}, body: {} };
        },
      },
    );
    await through(world, plan);
    const [first = 0, ...others] = world.calls.map(({ at }) => at);
    expect(others.map((at) => Math.round((at - first) / 1_000))).toEqual([1, 11, 111]);
  });
});

describe('while Lambda or the tables are gone for minutes', () => {
  test('nothing fails, and every run goes on by itself', async () => {
    const plan = aPlan(`  - ${get('a')}\n  - ${get('b')}\n  - ${get('c')}`);
    for (const busy of [[{ from: 0, to: 60_000 }], [{ from: 500, to: 300_500 }], [{ from: 1_500, to: 7_200_000 }]]) {
      const world = new World({ busy, latencyMs: 5 }, taking(1_000));
      expect((await through(world, plan)).status).toBe('succeeded');
    }
  });

  test('hundreds of lost starts are recovered in one look', { timeout: 120_000 }, async () => {
    const world = new World({}, taking(1));
    const plan = aPlan(`  - { id: a, set: {} }`);
    for (let n = 0; n < 500; n += 1) await world.engine.create(plan);
    await virtualTime.through(sleep(31_000));
    await virtualTime.through(world.sweep());
    expect(world.swept[0]).toMatchObject({ seen: 500, started: 500, failed: [] });
  });
});
