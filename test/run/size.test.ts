import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StepError } from '../../shared/kernel/step-error.ts';
import { stopRun } from '../../shared/run/control/stop-run.ts';
import type { Entry } from '../../shared/run/model/entry.ts';
import { rerunRun } from '../../shared/run/rerun/rerun-run.ts';
import { anActor, aPlan, aRun } from '../harness/builders.ts';
import { checkPromises } from './follow.ts';
import type { MemoryValues } from './memory-runs.ts';
import { sleep, virtualTime } from './virtual-time.ts';
import { type Chaos, type Service, World } from './world.ts';

beforeAll(() => virtualTime.begin());
afterAll(() => virtualTime.end());

const MILLIS = 1_000;
const FROM_FAILURE = {
  from: 'failed',
  inputs: 'same',
  version: 'original',
  confirmRepeat: true,
  acceptChanges: true,
  actor: anActor(),
} as const;
/** DynamoDB takes 400 KB. */
const LONGEST_ITEM = 320 * 1024;

/** 1,600 items under way at once, each waiting before three more steps. One item raises when `raises` says so. */
const nested = (raises: string) =>
  aPlan(`
  - id: outer
    forEach:
      in: '\${ [1..40] }'
      as: n
      concurrency: 40
      steps:
        - id: inner
          forEach:
            in: '\${ [1..40] }'
            as: m
            concurrency: 40
            steps:
              - { id: hold, wait: 1h }
              - { id: bad, if: '\${ ${raises} }', raise: { error: Boom, message: no } }
              - { id: x, set: { v: 1 } }
              - { id: z, set: { v: 2 } }
`);

describe('1,600 items under way at once', { timeout: 60_000 }, () => {
  const ends: [string, string, string, (world: World, id: string) => Promise<unknown>][] = [
    ['fails', 'failed', '$n = 20 and $m = 20', async () => {}],
    ['succeeds', 'succeeded', 'false', async () => {}],
    [
      'is stopped',
      'cancelled',
      'false',
      async (world, id) => {
        await sleep(60_000);
        const run = await world.engine.runs.get(id);
        if (run) await stopRun(world.as('operator'), run, { mode: 'immediate', actor: anActor('ann') });
      },
    ],
  ];
  test.each(ends)('a run of them that %s ends as %s', async (_, status, raises, act) => {
    const world = new World();
    const { id } = await virtualTime.through(world.start(nested(raises)));
    await virtualTime.through(act(world, id));
    const [run] = await world.settled([id]);
    expect(run.status).toBe(status);
    checkPromises(world, run, await world.engine.state(id));
    expect(Math.max(...world.engine.runs.itemsOf(id))).toBeLessThan(LONGEST_ITEM);
  });

  test('a run of them that reaches its timeout is timed out', async () => {
    const world = new World();
    const { id } = await virtualTime.through(world.start(nested('false'), { timeoutSeconds: 1_800 }));
    const [run] = await world.settled([id]);
    expect(run.status).toBe('timed_out');
    checkPromises(world, run, await world.engine.state(id));
  });

  test('a stop of which only a part could be written is carried on by whoever drives', async () => {
    const world = new World();
    const { id } = await virtualTime.through(world.start(nested('false')));
    await virtualTime.through(sleep(60_000));
    const services = world.as('operator');
    // The first item is written, then the process dies.
    const runs = Object.assign(Object.create(services.runs), {
      append: async (run: string, after: number, entries: Entry[], until: number) => {
        await services.runs.append(run, after, entries.slice(0, 500), until, 'writer');
        throw new Error('died');
      },
    });
    const run = await world.engine.runs.get(id);
    const stop = stopRun({ ...services, runs }, run ?? aRun(), { mode: 'immediate', actor: anActor('ann') });
    await virtualTime.through(expect(stop).rejects.toThrow('died'));
    const [ended] = await world.settled([id]);
    expect(ended).toMatchObject({ status: 'cancelled', stop: { mode: 'immediate', actor: anActor('ann') } });
    expect(Date.parse(ended.endedAt ?? '') - Date.parse(ended.createdAt)).toBeLessThan(2 * 3_600_000);
    checkPromises(world, ended, await world.engine.state(id));
  });
});

const loop = (concurrency: number, steps: string, count = 1_000) =>
  aPlan(`
  - id: each
    forEach:
      in: '\${ [1..${count}] }'
      as: n
      concurrency: ${concurrency}
      steps:
${steps}
`);
const http = (id: string) =>
  `        - { id: ${id}, http: { method: GET, url: 'https://stub.example', query: { n: '\${ $n }' } }, output: '\${ body.n }' }\n`;

async function timed(plan: Parameters<World['start']>[0], chaos: Partial<Chaos> = {}, service?: Service) {
  const world = new World(chaos, service);
  const before = process.cpuUsage();
  const { id } = await virtualTime.through(world.start(plan));
  const [run] = await world.settled([id]);
  const { user, system } = process.cpuUsage(before);
  return { world, run, cpuMs: (user + system) / MILLIS };
}

describe('a loop of 1,000 items', { timeout: 120_000 }, () => {
  test('of three steps each', async () => {
    const { world, run } = await timed(loop(40, http('a') + http('b') + http('c')));
    expect(run.status).toBe('succeeded');
    expect(world.calls).toHaveLength(3_000);
    expect(run.snapshot?.number).toBeGreaterThan(5_000);
    checkPromises(world, run, await world.engine.state(run.id));
  });

  test('of ten steps each takes some seconds of the processor at most', async () => {
    const sets = Array.from({ length: 10 }, (_, n) => `        - { id: s${n}, set: { v: '\${ $n }' } }\n`).join('');
    const { run, cpuMs } = await timed(loop(40, sets));
    expect(run).toMatchObject({ status: 'succeeded', steps: { succeeded: 10_001 } });
    expect(cpuMs).toBeLessThan(8_000);
  });

  test('and of ten calls each as well', async () => {
    const { run, cpuMs } = await timed(loop(40, Array.from({ length: 10 }, (_, n) => http(`s${n}`)).join('')));
    expect(run).toMatchObject({ status: 'succeeded', steps: { succeeded: 10_001 } });
    expect(cpuMs).toBeLessThan(8_000);
  });

  test('a stop reaches a driver that writes without a pause', async () => {
    const world = new World(
      { latencyMs: 10 },
      {
        ms: ({ key }) => 20 + (key.length * 7 + ((Number(key.match(/\d+/)?.[0]) * 13) % 60)),
        answer: () => ({ status: 200, headers: {}, body: {} }),
      },
    );
    const { id } = await virtualTime.through(world.start(loop(40, http('a') + http('b') + http('c'))));
    await virtualTime.through(sleep(500));
    const run = await world.engine.runs.get(id);
    const asked = Date.now();
    if (run) await virtualTime.through(stopRun(world.as('operator'), run, { mode: 'immediate', actor: anActor('ann') }));
    expect(Date.now() - asked).toBeLessThan(1_000);
    const [ended] = await world.settled([id]);
    expect(ended.status).toBe('cancelled');
  });
});

describe('a loop of 10,000 items, the most there may be', { timeout: 300_000 }, () => {
  const MOST = 10_000;
  const steps = `${http('a')}        - { id: b, set: { v: '\${ $steps.a }' } }\n`;
  const plan = loop(40, steps, MOST);
  const done = { succeeded: 2 * MOST + 1, total: 2 * MOST + 1 };
  /** Answers all but the calls of these steps. */
  const service = (...broken: string[]): Service => ({
    ms: ({ key }) => (broken.includes(key) ? 300 : 50),
    answer: ({ key, query }) => {
      if (broken.includes(key)) throw new StepError('HttpServerError', 'no');
      return { status: 200, headers: {}, body: query };
    },
  });
  const last = `each[${MOST - 1}]/a`;

  test('succeeds, in a time and with snapshots that are in proportion to it', async () => {
    const fifth = await timed(loop(40, steps, MOST / 5));
    const { world, run, cpuMs } = await timed(plan);
    expect(run).toMatchObject({ status: 'succeeded', steps: done });
    expect(world.calls).toHaveLength(MOST);
    checkPromises(world, run, await world.engine.state(run.id));
    expect(Math.max(...world.engine.runs.itemsOf(run.id))).toBeLessThan(LONGEST_ITEM);
    expect(cpuMs).toBeLessThan(5 * fifth.cpuMs * 2.5);
    const { texts } = world.engine.values as MemoryValues;
    const snapshots = [...texts].flatMap(([ref, text]) => (ref.includes('/snapshots/') ? [text.length] : []));
    const written = snapshots.reduce((sum, length) => sum + length, 0);
    expect(written).toBeLessThan(6 * Math.max(...snapshots));
    // Whoever reads it begins behind the last one.
    expect(run.seen - (run.snapshot?.number ?? 0)).toBeLessThan(1_000);
  });

  test('whose last item fails is run again from there, and calls nothing else', async () => {
    let working = service(last);
    const { world, run } = await timed(plan, {}, { ms: (asked) => working.ms(asked), answer: (asked) => working.answer(asked) });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'HttpServerError', step: 'a' } });
    checkPromises(world, run, await world.engine.state(run.id));
    working = service();
    const second = await virtualTime.through(rerunRun(world.as('operator'), run, FROM_FAILURE));
    const [ended] = await world.settled([second.run.id]);
    expect(ended).toMatchObject({ status: 'succeeded', steps: done });
    expect(world.calls.filter((call) => call.run === ended.id).map(({ key }) => key)).toEqual([last]);
    checkPromises(world, ended, await world.engine.state(ended.id), 200);
    expect(world.engine.runs.itemsOf(ended.id).length).toBeLessThan(MOST / 20);
  });

  test('stops within two seconds, wherever it is', async () => {
    const world = new World({ latencyMs: 10 }, service());
    const { id } = await virtualTime.through(world.start(plan));
    await virtualTime.through(sleep(8_000));
    const run = await world.engine.runs.get(id);
    const asked = Date.now();
    if (run) await virtualTime.through(stopRun(world.as('operator'), run, { mode: 'immediate', actor: anActor() }));
    const [ended] = await world.settled([id]);
    expect(ended).toMatchObject({ status: 'cancelled' });
    expect(world.calls.length).toBeGreaterThan(MOST / 4);
    expect(world.calls.length).toBeLessThan(MOST);
    expect(Math.max(...world.calls.map(({ at }) => at)) - asked).toBeLessThan(2_000);
    checkPromises(world, ended, await world.engine.state(id));
  });

  test('is timed out half-way', async () => {
    const world = new World({}, service());
    const { id } = await virtualTime.through(world.start(plan, { timeoutSeconds: 8 }));
    const [run] = await world.settled([id]);
    expect(run.status).toBe('timed_out');
    expect(world.calls.length).toBeGreaterThan(MOST / 4);
    expect(world.calls.length).toBeLessThan(MOST);
    checkPromises(world, run, await world.engine.state(id));
  });

  test('is carried through by drivers that die', async () => {
    const { world, run } = await timed(plan, { dies: 0.002, losesAnswer: 0.002, latencyMs: 10, executionLost: 0.2 }, service());
    expect(run).toMatchObject({ status: 'succeeded', steps: done });
    expect(world.deaths).toBeGreaterThan(0);
    checkPromises(world, run, await world.engine.state(run.id), 200);
  });
});

test('a repeat of 10,000 rounds takes some seconds of the processor at most', { timeout: 120_000 }, async () => {
  const { world, run, cpuMs } = await timed(
    aPlan(`
  - id: r
    repeat:
      until: '\${ $last.n >= 10000 }'
      max: 10000
      steps: [{ id: next, set: { n: '\${ ($exists($last.n) ? $last.n : 0) + 1 }' } }]
`),
  );
  expect(run).toMatchObject({ status: 'succeeded', steps: { succeeded: 10_001, total: 10_001 } });
  expect(cpuMs).toBeLessThan(15_000);
  checkPromises(world, run, await world.engine.state(run.id));
});

test('items that give more together than a driver can hold fail their loop by its name', { timeout: 60_000 }, async () => {
  const large = 'x'.repeat(1024 * 1024);
  const service: Service = { ms: () => 5, answer: () => ({ status: 200, headers: {}, body: { n: large } }) };
  const { run } = await timed(loop(10, http('a'), 40), {}, service);
  expect(run).toMatchObject({ status: 'failed', error: { name: 'OutputTooLarge', step: 'each' } });
  expect(run.error?.message).toBe(
    'What the steps of "each" give is more than 32 MiB together. Let the last of them give less, by its output.',
  );
});

describe('a run has 250,000 steps at most', { timeout: 60_000 }, () => {
  const nested = (outer: number, inner: number) =>
    aPlan(`
  - id: outer
    forEach:
      in: '\${ [1..${outer}] }'
      as: n
      concurrency: 40
      steps:
        - id: inner
          forEach: { in: '\${ [1..${inner}] }', as: m, concurrency: 1, steps: [{ id: hold, wait: 1h }, { id: x, set: {} }] }
`);

  test('the loop that would make it more fails, however little of the others has begun', async () => {
    const { run, world } = await timed(nested(40, 10_000));
    expect(run).toMatchObject({ status: 'failed', error: { name: 'LimitReached', step: 'inner' } });
    expect(run.error?.message).toMatch(/^With "inner" the run would have 2600\d\d steps, at most 250000 are allowed/);
    expect(run.steps.total).toBeLessThan(200);
    checkPromises(world, run, await world.engine.state(run.id));
  });

  test('and so does a loop that is too large by itself', async () => {
    const steps = Array.from({ length: 26 }, (_, n) => `        - { id: s${n}, set: {} }\n`).join('');
    const { run } = await timed(loop(40, steps, 10_000));
    expect(run).toMatchObject({ status: 'failed', error: { name: 'LimitReached', step: 'each' }, steps: { total: 1 } });
  });
});

test('a document of 500 steps runs', { timeout: 60_000 }, async () => {
  const steps = Array.from(
    { length: 500 },
    (_, n) => `  - { id: s${n}, needs: [${n < 20 ? '' : `s${n - 20}, s${n - 7}`}], set: { v: ${n} } }`,
  ).join('\n');
  const { world, run } = await timed(aPlan(steps));
  expect(run).toMatchObject({ status: 'succeeded', steps: { total: 500, succeeded: 500 } });
  checkPromises(world, run, await world.engine.state(run.id));
});

test('values of almost 5 MiB pass from step to step; one that is larger fails its step', { timeout: 60_000 }, async () => {
  const large = 'x'.repeat(5 * 1024 * 1024 - 200);
  const plan = aPlan(`
  - { id: a, http: { method: GET, url: 'https://stub.example' }, output: '\${ body }' }
  - { id: b, set: { text: '\${ $steps.a }' } }
  - id: c
    set: { text: '\${ $steps.a & $steps.a }' }
    catch: [{ on: [OutputTooLarge], steps: [{ id: d, set: { caught: true } }] }]
`);
  const world = new World({}, { ms: () => 5, answer: () => ({ status: 200, headers: {}, body: large }) });
  const { id } = await virtualTime.through(world.start(plan));
  const [run] = await world.settled([id]);
  const state = await world.engine.state(id);
  expect(run.status).toBe('succeeded');
  expect(state.step('c')?.error).toMatchObject({ name: 'OutputTooLarge' });
  checkPromises(world, run, state);
});
