import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pauseRun } from '../../shared/run/control/pause-run.ts';
import { resumeRun } from '../../shared/run/control/resume-run.ts';
import { stopRun } from '../../shared/run/control/stop-run.ts';
import type { Run } from '../../shared/run/model/run.ts';
import type { Plan } from '../../shared/workflow/plan.ts';
import { aPlan } from '../harness/builders.ts';
import { checkPromises } from './follow.ts';
import { sleep, virtualTime } from './virtual-time.ts';
import { type Chaos, World } from './world.ts';

/** More of them in `npm run soak`. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 1);
const timeout = 60_000 * ROUNDS;

beforeAll(() => virtualTime.begin());
afterAll(() => virtualTime.end());

const at = virtualTime.through;
const get = (id: string) =>
  `{ id: ${id}, http: { method: GET, url: 'https://stub.example', query: { n: '\${ $input.n }' } }, output: '\${ body.n }' }`;

/** A plan whose `run` steps start the workflows that they name. */
function calling(steps: string): Plan {
  const plan = aPlan(steps);
  for (const { id, step } of plan.steps.values()) {
    if (step.kind !== 'run') continue;
    const { workflow } = step.spec as { workflow: string };
    plan.pins[id] = { workflow, definition: workflow, version: 1 };
  }
  return plan;
}

const parent = calling(`
  - { id: c, run: { workflow: child, input: { n: 7 } } }
  - { id: after, set: { got: '\${ $steps.c.n }' } }
`);

function aWorld(child: Plan, chaos: Partial<Chaos> = {}) {
  const world = new World(chaos);
  world.engine.publish('child', child);
  return world;
}

async function childrenOf(world: World, { id }: Pick<Run, 'id'>): Promise<Run[]> {
  return (await world.engine.runs.list({ workspace: 'acme', parent: id }, { limit: 100 })).items;
}

async function checked(world: World, ...runs: Run[]): Promise<void> {
  for (const run of runs) checkPromises(world, run, await world.engine.state(run.id));
}

const withOutput = (steps: string) => {
  const plan = aPlan(steps);
  plan.document.output = { n: '${ $steps.last }' };
  plan.outputReads = ['last'];
  return plan;
};
const quick = withOutput(`  - ${get('last')}`);
const slow = withOutput(`
  - { id: w, wait: 2h }
  - ${get('last')}`);

describe('a step that starts a run', { timeout }, () => {
  test.each([
    ['quick', quick],
    ['hours long, while nobody drives the parent', slow],
  ])('has its outputs when it is %s', async (_, child) => {
    const world = aWorld(child);
    const { id } = await at(world.start(parent));
    const [run] = await world.settled([id]);
    const children = await childrenOf(world, run);
    expect(children).toHaveLength(1);
    expect(run.status).toBe('succeeded');
    expect((await world.engine.state(id)).step('c')?.status).toBe('succeeded');
    await checked(world, run, ...children);
  });

  test('hears of its end within a second', async () => {
    const world = aWorld(slow);
    const { id } = await at(world.start(parent));
    const [run] = await world.settled([id]);
    const [child] = await childrenOf(world, run);
    expect(Date.parse(run.endedAt ?? '') - Date.parse(child?.endedAt ?? '')).toBeLessThan(1_000);
  });

  test('starts it once, and hears of its end, whoever dies and whatever is lost', async () => {
    for (let seed = 0; seed < 25 * ROUNDS; seed += 1) {
      const world = aWorld(seed % 2 ? quick : slow, {
        seed,
        dies: 0.05,
        losesAnswer: 0.03,
        startLost: 0.2,
        startTwice: 0.2,
        calledTwice: 0.2,
        executionLost: 0.3,
        latencyMs: 10,
      });
      const { id } = await at(world.start(parent));
      const [run] = await world.settled([id]);
      const children = await world.settled((await childrenOf(world, run)).map((child) => child.id));
      expect([seed, run.status, children.map(({ status }) => status)]).toEqual([seed, 'succeeded', ['succeeded']]);
    }
  });

  test('many at once, in a loop: one run each', async () => {
    const many = calling(`
  - id: each
    forEach: { in: '\${ [1..60] }', as: n, concurrency: 40, steps: [{ id: c, run: { workflow: child, input: { n: '\${ $n }' } } }] }
`);
    const world = aWorld(slow);
    const { id } = await at(world.start(many));
    const [run] = await world.settled([id]);
    expect(run.status).toBe('succeeded');
    expect(await childrenOf(world, run)).toHaveLength(60);
  });

  test('a run that calls itself without end comes to one, ten runs deep', async () => {
    const world = new World();
    world.engine.publish('self', calling(`  - { id: c, run: { workflow: self } }`));
    const { id } = await at(world.start(calling(`  - { id: c, run: { workflow: self } }`)));
    const [run] = await world.settled([id]);
    expect(run).toMatchObject({ status: 'failed', error: { name: 'ChildRunFailed', step: 'c' } });
    expect(new Set(world.engine.executions.started.map(({ input }) => input.run)).size).toBe(11);
  });
});

describe('whoever controls a run', { timeout }, () => {
  const command = async (world: World, id: string, act: (services: ReturnType<World['as']>, run: Run) => Promise<unknown>) => {
    const run = await world.engine.runs.get(id);
    if (!run) throw new Error(`there is no run ${id}`);
    await at(act(world.as('operator'), run));
    await at(sleep(5_000));
    return world.engine.runs.get(id);
  };
  const long = withOutput(`
  - { id: w, wait: 2h }
  - { id: last, set: { v: 1 } }`);
  const begin = async (child = long) => {
    const world = aWorld(child);
    const { id } = await at(world.start(parent));
    await at(sleep(10_000));
    const [started] = await childrenOf(world, { id });
    if (!started) throw new Error('no child');
    return { world, id, child: started.id };
  };

  test('stops the runs that its steps wait for as well', async () => {
    const { world, id, child } = await begin();
    await command(world, id, (services, run) => stopRun(services, run, { mode: 'immediate', by: 'ann' }));
    const [run, inner] = await world.settled([id, child]);
    expect([run.status, inner.status]).toEqual(['cancelled', 'cancelled']);
    await checked(world, run, inner);
  });

  test('stops them gracefully: each when nothing moves in it', async () => {
    const { world, id, child } = await begin();
    await command(world, id, (services, run) => stopRun(services, run, { mode: 'graceful', by: 'ann', drainSeconds: 60 }));
    const [run, inner] = await world.settled([id, child]);
    expect([run.status, inner.status]).toEqual(['cancelled', 'cancelled']);
    await checked(world, run, inner);
  });

  test('pauses them with it, and lets them go on; a wait that has passed meanwhile is over', async () => {
    const { world, id, child } = await begin();
    const paused = await command(world, id, (services, run) => pauseRun(services, run, 'ann'));
    expect([paused?.status, (await world.engine.runs.get(child))?.status]).toEqual(['paused', 'paused']);
    await at(sleep(5 * 3_600_000));
    expect((await world.engine.runs.get(id))?.status).toBe('paused');
    const resumed = await command(world, id, (services, run) => resumeRun(services, run, 'ann'));
    expect(resumed?.status).toBe('succeeded');
    const [run, inner] = await world.settled([id, child]);
    expect([run.status, inner.status]).toEqual(['succeeded', 'succeeded']);
    await checked(world, run, inner);
  });

  test('a child that goes on alone and ends while its parent is paused is found ended', async () => {
    const { world, id, child } = await begin();
    await command(world, id, (services, run) => pauseRun(services, run, 'ann'));
    await command(world, child, (services, run) => resumeRun(services, run, 'ann'));
    await at(sleep(3 * 3_600_000));
    expect((await world.engine.runs.get(child))?.status).toBe('succeeded');
    expect((await world.engine.runs.get(id))?.status).toBe('paused');
    await command(world, id, (services, run) => resumeRun(services, run, 'ann'));
    const [run] = await world.settled([id]);
    expect(run.status).toBe('succeeded');
  });

  test('a child whose step is cancelled with its group is stopped at once, though the run goes on', async () => {
    const world = aWorld(long);
    const plan = calling(`
  - id: g
    parallel:
      x: [{ id: c, run: { workflow: child } }]
      y: [{ id: w, wait: 1m }, { id: bad, raise: { error: Boom, message: no } }]
    catch: [{ steps: [{ id: h, wait: 5h }] }]
`);
    const { id } = await at(world.start(plan));
    await at(sleep(10 * 60_000));
    const [child] = await childrenOf(world, { id });
    expect(child?.status).toBe('cancelled');
    const [run] = await world.settled([id]);
    expect(run.status).toBe('succeeded');
  });
});
