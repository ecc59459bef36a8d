import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stopRun } from '../../shared/run/control/stop-run.ts';
import type { Entry } from '../../shared/run/model/entry.ts';
import { aPlan, aRun } from '../harness/builders.ts';
import { checkPromises } from './follow.ts';
import { sleep, virtualTime } from './virtual-time.ts';
import { type Chaos, World } from './world.ts';

beforeAll(() => virtualTime.begin());
afterAll(() => virtualTime.end());

const MILLIS = 1_000;
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
        if (run) await stopRun(world.as('operator'), run, { mode: 'immediate', by: 'ann' });
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
        await services.runs.append(run, after, entries.slice(0, 500), until);
        throw new Error('died');
      },
    });
    const run = await world.engine.runs.get(id);
    const stop = stopRun({ ...services, runs }, run ?? aRun(), { mode: 'immediate', by: 'ann' });
    await virtualTime.through(expect(stop).rejects.toThrow('died'));
    const [ended] = await world.settled([id]);
    expect(ended).toMatchObject({ status: 'cancelled', stop: { mode: 'immediate', by: 'ann' } });
    expect(Date.parse(ended.endedAt ?? '') - Date.parse(ended.createdAt)).toBeLessThan(2 * 3_600_000);
    checkPromises(world, ended, await world.engine.state(id));
  });
});

const loop = (concurrency: number, steps: string) =>
  aPlan(`
  - id: each
    forEach:
      in: '\${ [1..1000] }'
      as: n
      concurrency: ${concurrency}
      steps:
${steps}
`);
const http = (id: string) =>
  `        - { id: ${id}, http: { method: GET, url: 'https://stub.example', query: { n: '\${ $n }' } }, output: '\${ body.n }' }\n`;

async function timed(plan: Parameters<World['start']>[0], chaos: Partial<Chaos> = {}) {
  const world = new World(chaos);
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
    if (run) await virtualTime.through(stopRun(world.as('operator'), run, { mode: 'immediate', by: 'ann' }));
    expect(Date.now() - asked).toBeLessThan(1_000);
    const [ended] = await world.settled([id]);
    expect(ended.status).toBe('cancelled');
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
