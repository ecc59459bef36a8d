import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StepError } from '../../shared/kernel/step-error.ts';
import type { Run } from '../../shared/run/model/run.ts';
import { rerunRun } from '../../shared/run/rerun/rerun-run.ts';
import type { Plan } from '../../shared/workflow/plan.ts';
import { anActor, aPlan } from '../harness/builders.ts';
import { checkPromises } from './follow.ts';
import { virtualTime } from './virtual-time.ts';
import { type Asked, type Chaos, World } from './world.ts';

/** More of them in `npm run soak`. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 1);
const timeout = 60_000 * ROUNDS;

beforeAll(() => virtualTime.begin());
afterAll(() => virtualTime.end());

const get = (id: string, more = '') =>
  `{ id: ${id}, http: { method: GET, url: 'https://stub.example', query: { id: ${id} } }, output: '\${ body.id }'${more} }`;

/** A world in which steps fail until they are mended. */
class Broken extends World {
  readonly broken: Set<string>;

  constructor(broken: string[], chaos: Partial<Chaos> = {}) {
    const known = new Set(broken);
    super(chaos, {
      ms: () => 5,
      answer: ({ key, query }: Asked) => {
        if (known.has(key)) throw new StepError('HttpServerError', 'no');
        return { status: 200, headers: {}, body: query };
      },
    });
    this.broken = known;
  }
}

async function failing(world: Broken, plan: Plan): Promise<Run> {
  world.engine.publish('plan', plan);
  const { id } = await virtualTime.through(world.start(plan, { definition: 'plan' }));
  const [run] = await world.settled([id]);
  expect(run.status).toBe('failed');
  return run;
}

async function again(world: Broken, origin: Run, from: string): Promise<Run> {
  world.broken.clear();
  const request = {
    from,
    inputs: 'same',
    version: 'original',
    confirmRepeat: true,
    acceptChanges: true,
    actor: anActor('ann'),
    key: 'once',
  } as const;
  const { run } = await virtualTime.through(world.operate((services) => rerunRun(services, origin, request)));
  const [ended] = await world.settled([run.id]);
  checkPromises(world, ended, await world.engine.state(run.id), 200);
  return ended;
}

const calls = (world: World, { id }: Run) => world.calls.filter(({ run }) => run === id).map(({ key }) => key);

describe('a rerun from the failure', { timeout }, () => {
  const chain = aPlan(`
  - ${get('a')}
  - ${get('b')}
  - ${get('c')}
`);

  test('calls what is left, and shows where the rest was executed, through a chain of reruns', async () => {
    const world = new Broken(['b']);
    const first = await failing(world, chain);
    world.broken.clear();
    world.broken.add('c');
    const second = await virtualTime.through(
      rerunRun(world.as('operator'), first, {
        from: 'failed',
        inputs: 'same',
        version: 'original',
        confirmRepeat: true,
        acceptChanges: true,
        actor: anActor('ann'),
      }),
    );
    const [failed] = await world.settled([second.run.id]);
    expect([failed.status, calls(world, failed)]).toEqual(['failed', ['b', 'c']]);
    const third = await again(world, failed, 'failed');
    expect([third.status, calls(world, third)]).toEqual(['succeeded', ['c']]);
    const { steps } = await world.engine.state(third.id);
    expect([steps.get('a')?.reused, steps.get('b')?.reused, steps.get('c')?.reused]).toEqual([first.id, failed.id, undefined]);
    expect(third).toMatchObject({ attempt: 3, root: first.id });
  });

  test('goes on inside loops, in the try that a group was in, and with failures that were caught', async () => {
    const world = new Broken(['each[1]/y', 'g~1/p', 'caught']);
    const plan = aPlan(`
  - ${get('caught', ', catch: [{ steps: [{ id: mend, set: { ok: true } }] }]')}
  - id: g
    retry: { attempts: 2, delay: 1s }
    parallel: { one: [${get('p')}] }
  - id: each
    forEach: { in: [1, 2, 3], as: n, concurrency: 1, steps: [${get('x')}, ${get('y')}] }
  - ${get('last')}
`);
    const first = await failing(world, plan);
    const second = await again(world, first, 'failed');
    expect([second.status, calls(world, second)]).toEqual(['succeeded', ['each[1]/y', 'each[2]/x', 'each[2]/y', 'last']]);
    const { steps } = await world.engine.state(second.id);
    expect(steps.get('g')).toMatchObject({ status: 'succeeded', tries: 2 });
    expect(steps.get('caught')).toMatchObject({ status: 'failed', handler: 0 });
  });

  test('a handler goes on with what its group had finished, in the try that it was in', async () => {
    const world = new Broken(['g~1/b', 'g~2/b', 'undo']);
    const plan = aPlan(`
  - id: g
    retry: { attempts: 2, delay: 1s }
    parallel: { one: [${get('a')}, ${get('b')}] }
    catch: [{ steps: [{ id: undo, http: { method: GET, url: 'https://stub.example', query: { id: '\${ $steps.a }', b: '\${ $steps.b }' } }, output: '\${ body }' }] }]
`);
    const first = await failing(world, plan);
    const second = await again(world, first, 'failed');
    expect([second.status, calls(world, second)]).toEqual(['succeeded', ['undo']]);
    const { outputAt } = (await world.engine.state(second.id)).step('undo') ?? {};
    const entry = (await world.engine.journal(second.id))[(outputAt ?? 0) - 1];
    expect(entry).toMatchObject({ key: 'undo', output: { json: '{"id":"a","b":"null"}' } });
  });

  describe('in a repeat', () => {
    const tell = (id: string, n: string) =>
      `{ id: ${id}, http: { method: GET, url: 'https://stub.example', query: { id: ${id}, n: '${n}' } }, output: '\${ body }' }`;
    const rounds = (until: string, max: number) =>
      aPlan(`
  - id: r
    repeat: { until: '${until}', max: ${max}, steps: [${tell('x', '${ $index }')}, ${tell('y', '${ $last.n & "," & $steps.x.n }')}] }
  - ${get('last')}
`);
    const outputOf = async (world: World, run: Run, key: string) => {
      const { outputAt } = (await world.engine.state(run.id)).step(key) ?? {};
      const entry = (await world.engine.journal(run.id))[(outputAt ?? 0) - 1];
      return entry?.type === 'step_completed' && 'json' in entry.output && JSON.parse(entry.output.json);
    };

    test('goes on in the round that failed, with what the rounds before have given', async () => {
      const world = new Broken(['r[2]/y']);
      const first = await failing(world, rounds('${ $index = 3 }', 4));
      const second = await again(world, first, 'failed');
      expect([second.status, calls(world, second)]).toEqual(['succeeded', ['r[2]/y', 'r[3]/x', 'r[3]/y', 'last']]);
      expect(await outputOf(world, second, 'r')).toEqual({ id: 'y', n: ',0,1,2,3' });
    });

    test('may take as many rounds again when there were too few', async () => {
      const world = new Broken([]);
      const plan = rounds('${ $index = 4 }', 2);
      const first = await failing(world, plan);
      expect(first.error).toMatchObject({ name: 'LimitReached', step: 'r' });
      const second = await again(world, first, 'failed').catch(() => undefined);
      expect(second).toMatchObject({ status: 'failed', error: { name: 'LimitReached' } });
      expect(second && calls(world, second)).toEqual(['r[2]/x', 'r[2]/y', 'r[3]/x', 'r[3]/y']);
      const third = second && (await again(world, second, 'failed'));
      expect(third && [third.status, ...calls(world, third)]).toEqual(['succeeded', 'r[4]/x', 'r[4]/y', 'last']);
    });

    test('from a step in it begins with that step of the first round', async () => {
      const world = new Broken(['last']);
      const first = await failing(world, rounds('${ $index = 2 }', 3));
      const second = await again(world, first, 'y');
      expect(second.status).toBe('succeeded');
      expect(calls(world, second)).toEqual(['r[0]/y', 'r[1]/x', 'r[1]/y', 'r[2]/x', 'r[2]/y', 'last']);
      expect(second.steps).toMatchObject({ succeeded: 8, total: 8 });
    });

    test('takes over its rounds, whoever dies half-way', async () => {
      let deaths = 0;
      for (let seed = 0; seed < 3 * ROUNDS; seed += 1) {
        const world = new Broken(['last'], {
          seed,
          dies: 0.05,
          losesAnswer: 0.05,
          executionLost: 0.2,
          calledTwice: 0.1,
          latencyMs: 10,
        });
        const first = await failing(world, rounds('${ $index = 9 }', 10));
        const second = await again(world, first, 'failed');
        expect(second).toMatchObject({ status: 'succeeded', steps: { succeeded: 22, total: 22 } });
        expect(calls(world, second).every((key) => key === 'last')).toBe(true);
        deaths += world.deaths;
      }
      expect(deaths).toBeGreaterThan(1);
    });
  });

  test('of thousands of steps packs what it takes over into few items', async () => {
    const world = new Broken(['last']);
    const plan = aPlan(`
  - id: each
    forEach: { in: '\${ [1..1000] }', as: n, concurrency: 40, steps: [{ id: x, set: { v: '\${ $n }' } }, { id: y, set: { v: '\${ $n }' } }] }
  - ${get('last')}
`);
    const first = await failing(world, plan);
    const second = await again(world, first, 'failed');
    expect([second.status, calls(world, second)]).toEqual(['succeeded', ['last']]);
    expect(second.steps).toMatchObject({ succeeded: 2_002, total: 2_002 });
    expect(world.engine.runs.itemsOf(second.id).length).toBeLessThan(60);
  });

  test('takes over all of it and calls nothing twice, whoever dies half-way', async () => {
    const plan = aPlan(`
  - id: each
    forEach: { in: '\${ [1..250] }', as: n, concurrency: 40, steps: [{ id: x, set: { v: '\${ $n }' } }, { id: y, set: { v: '\${ $n }' } }] }
  - ${get('done')}
  - ${get('last')}
`);
    let deaths = 0;
    for (let seed = 0; seed < 4 * ROUNDS; seed += 1) {
      const world = new Broken(['last'], {
        seed,
        dies: 0.1,
        losesAnswer: 0.05,
        executionLost: 0.2,
        startLost: 0.2,
        calledTwice: 0.1,
        latencyMs: 10,
      });
      const first = await failing(world, plan);
      const second = await again(world, first, 'failed');
      expect(second).toMatchObject({ status: 'succeeded', steps: { succeeded: 503, total: 503 } });
      expect(calls(world, second).every((key) => key === 'last')).toBe(true);
      deaths += world.deaths;
    }
    expect(deaths).toBeGreaterThan(4);
  });
});

describe('a rerun from a step', { timeout }, () => {
  const plan = aPlan(`
  - ${get('a')}
  - id: each
    forEach: { in: [1, 2], as: n, concurrency: 1, steps: [${get('x')}, ${get('y')}, ${get('z')}] }
  - ${get('caught', `, catch: [{ steps: [${get('h1')}, ${get('h2')}] }]`)}
  - id: g
    retry: { attempts: 2, delay: 1s }
    parallel: { one: [${get('p')}, ${get('q')}] }
  - ${get('last')}
`);
  const broken = ['caught', 'g~1/q', 'last'];

  test.each([
    ['in a loop: in every item', 'y', ['each[0]/y', 'each[0]/z', 'each[1]/y', 'each[1]/z', 'caught', 'g~1/p', 'g~1/q', 'last']],
    ['in a handler', 'h2', ['h2', 'g~1/p', 'g~1/q', 'last']],
    ['in a group with retry: in the try that it was in', 'q', ['g~2/q', 'last']],
    ['the last one', 'last', ['last']],
  ])('%s', async (_, from, wanted) => {
    const world = new Broken(broken);
    const second = await again(world, await failing(world, plan), from);
    expect([second.status, calls(world, second)]).toEqual(['succeeded', wanted]);
  });
});
