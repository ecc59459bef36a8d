import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expressionThreads } from '../../shared/kernel/env.ts';
import { type Api, expectRefusal, ONE_STEP, startApi } from '../edge/api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

/** The first is stopped soonest: it is tried everywhere. The second takes all the time that it may. */
const endless: [string, string][] = [
  ['recurses for ever', '($f := function($n) { 1 + $f($n) }; $f(1))'],
  ['calls itself for ever', '($f := function($n) { $f($n) }; $f(1))'],
  ['doubles a list forty times', '($f := function($v, $n) { $n = 0 ? $v : $f([[$v], [$v]], $n - 1) }; $f(1, 40))'],
  ['doubles a text forty times', '($f := function($v, $n) { $n = 0 ? $v : $f($v & $v, $n - 1) }; $f("ab", 40))'],
];
const yaml = (source: string) => `'\${ ${source.replaceAll("'", "''")} }'`;

describe.each(endless.slice(1))('an expression that %s', (_, source) => {
  test('refuses the start in runIf, and fails a step in its set', async () => {
    expectRefusal(await api.start(await api.publish(ONE_STEP, { top: `runIf: ${yaml(source)}` })), 400, 'runIf');
    const { body } = await api.start(await api.publish(`  - id: bad\n    set: { x: ${yaml(source)} }\n`));
    expect(await api.ended(body.id)).toMatchObject({ status: 'failed', error: { name: 'ExpressionError', step: 'bad' } });
  });
});

describe.each(endless.slice(0, 1))('an expression that %s', (_, source) => {
  test.each(['runIf', 'reference', 'timeout'])('in %s refuses the start in words', async (place) => {
    const id = await api.publish(ONE_STEP, { top: `${place}: ${yaml(source)}` });
    const answered = await api.start(id);
    expectRefusal(answered, 400, place);
    expect((await api.get(`/v1/workflows/${id}/runs`)).body.items).toEqual([]);
  });

  test.each([
    ['if', `  - id: bad\n    if: ${yaml(source)}\n    set: {}\n`],
    ['set', `  - id: bad\n    set: { x: ${yaml(source)} }\n`],
    ['output', `  - id: bad\n    set: { x: 1 }\n    output: ${yaml(source)}\n`],
    [
      'switch',
      `  - id: bad\n    switch:\n      - when: ${yaml(source)}\n        steps:\n          - id: y\n            set: {}\n`,
    ],
    ['forEach', `  - id: bad\n    forEach: { in: ${yaml(source)}, as: one, steps: [{ id: y, set: {} }] }\n`],
    ['wait', `  - id: bad\n    wait: { until: ${yaml(source)} }\n`],
  ])('in %s fails the step as ExpressionError, and the run with it', async (_, steps) => {
    const { body } = await api.start(await api.publish(steps));
    const ended = await api.ended(body.id);
    expect(ended).toMatchObject({ status: 'failed', error: { name: 'ExpressionError', step: 'bad' } });
    expect((await api.get(`/v1/runs/${body.id}/context?step=bad`)).body.steps[0]).toMatchObject({
      status: 'failed',
      error: { name: 'ExpressionError' },
    });
  });

  test('in the output of the document fails the run', async () => {
    const { body } = await api.start(await api.publish(ONE_STEP, { top: `output: { x: ${yaml(source)} }` }));
    expect(await api.ended(body.id)).toMatchObject({ status: 'failed', error: { name: 'ExpressionError' } });
  });
});

test('twice as many expressions that never end as there are threads for them do not keep others from an answer', {
  timeout: 60_000,
}, async () => {
  const loop = '($f := function($n) { $f($n) }; $f(1))';
  const id = await api.publish(`  - id: bad\n    set: { x: ${yaml(loop)} }\n`);
  const count = 2 * expressionThreads();
  expect(count).toBeGreaterThanOrEqual(4);
  const runs = await Promise.all(Array.from({ length: count }, () => api.start(id)));
  expect((await api.get('/v2/health', { key: null })).status).toBe(200);
  for (const { body } of runs) expect((await api.ended(body.id)).error.name).toBe('ExpressionError');
});

describe('an expression', () => {
  test.each([
    ['regular expressions do not backtrack', '$contains($input.t, /^(a+)+$/)', false],
    ['a prototype is no field', '$input.__proto__', null],
    ['a constructor is no function to call', '$exists($input.constructor)', false],
    ['the process is out of reach', '$input.($exists(process) or $exists(globalThis) or $exists(require))', false],
  ])('cannot do harm: %s', async (_, source, expected) => {
    const { body } = await api.start(await api.publish(`  - id: a\n    set: { x: ${yaml(source)} }\n`), {
      t: `${'a'.repeat(100_000)}!`,
    });
    expect((await api.ended(body.id)).status).toBe('succeeded');
    expect((await api.get(`/v1/runs/${body.id}/context?step=a`)).body.steps[0].output).toEqual({ x: expected });
  });

  test('cannot name what is not declared, nor evaluate text', async () => {
    for (const source of ['$eval("1")', '$process', '$env', '$steps.a.x', '$secrets.x']) {
      const definition = `format: 1\nname: undeclared\nsteps:\n  - id: a\n    set: { x: ${yaml(source)} }\n`;
      expectRefusal(await api.post('/v1/workflows', { project_id: 'examples', definition }), 422);
    }
  });

  test.each([
    ['makes half a character', '"\\ud83d"'],
    ['makes a NUL', '"\\u0000"'],
    ['makes a key that is poison', '{"__proto__": {"polluted": 1}}'],
    ['makes a text of five million', '$pad("", 5000000, "x")'],
    ['makes a text above the limit', '$pad("", 6000000, "x")'],
    ['fails with half a character', '$error("\\ud83d" & $pad("", 5000, "x"))'],
  ])('that %s ends the run one way or the other', async (_, source) => {
    const { body } = await api.start(
      await api.publish(`  - id: a\n    set: { x: ${yaml(source)} }\n`, { top: 'output: { x: "${ $steps.a.x }" }' }),
    );
    const ended = await api.ended(body.id);
    expect(['succeeded', 'failed']).toContain(ended.status);
    if (ended.status === 'failed') expect(['ExpressionError', 'OutputTooLarge']).toContain(ended.error.name);
    for (const what of ['', '/events', '/context', '/context?step=a'])
      expect((await api.get(`/v1/runs/${body.id}${what}`)).status).toBeLessThan(500);
    expect((await api.get(`/v2/runs/${body.id}`)).status).toBeLessThan(500);
  });

  test('that raises a name with half a character, or a long message, ends the run', async () => {
    const id = await api.publish(
      '  - id: a\n    raise: { error: Boom, message: "${ $pad(\\"\\\\ud83d\\", 100000, \\"\u{1f680}\\") }" }\n',
    );
    const { body } = await api.start(id);
    expect(await api.ended(body.id)).toMatchObject({ status: 'failed', error: { name: 'Boom' } });
  });
});

describe('while expressions take their time, the API answers', () => {
  const LOOK_EVERY_MS = 5;
  /** An expression that took its time on the main thread would hold it for its whole limit, a second; a busy machine may take a tenth for what is ours. */
  const BLOCKED_MS = 400;
  /** The longest that the event loop kept the processor within some milliseconds, or one turn that took longer, until the work was done; health was asked all along. */
  async function longestTurnMs(work: Promise<unknown>): Promise<number> {
    let working = true;
    const ended = work.finally(() => {
      working = false;
    });
    const health = (async () => {
      while (working) {
        expect((await api.get('/v2/health', { key: null })).status).toBe(200);
        await sleep(LOOK_EVERY_MS);
      }
    })();
    let longest = 0;
    while (working) {
      const before = process.threadCpuUsage();
      await sleep(LOOK_EVERY_MS);
      const { user, system } = process.threadCpuUsage(before);
      longest = Math.max(longest, (user + system) / 1000);
    }
    await Promise.all([ended, health]);
    return longest;
  }
  const text = { t: 'a'.repeat(20_000) };

  async function openWebhook(id: string, mapping?: string): Promise<string> {
    const made = await api.post(`/v1/workflows/${id}/webhooks`, { name: 'open', scheme: 'none', ...(mapping && { mapping }) });
    expect(made.status, made.text).toBe(201);
    return new URL(made.body.url).pathname;
  }

  const forLong = {
    $match: '$match($input.t, /a(.*b)?/)',
    $split: '$split($input.t, /a(.*b)?/)',
    $replace: '$replace($input.t, /a(.*b)?/, "c")',
    $contains: '[1..200].$contains($pad("", 200000, "a"), /a(.*b)?/)',
    'what nothing in JSONata interrupts': '$reduce([1..60000], $append)',
  };

  test.each([
    ['$match', '$split'],
    ['$replace', '$contains'],
    ['what nothing in JSONata interrupts', 'what nothing in JSONata interrupts'],
  ] as const)('of runs by open webhooks: %s beside %s', async (...names) => {
    const steps = names.map((name) => `  - id: bad\n    set: { x: ${yaml(forLong[name])} }\n`);
    const paths = await Promise.all(steps.map(async (one) => openWebhook(await api.publish(one))));
    const runs = paths.map(async (path, n) => {
      const { body } = await api.post(path, { ...text, n }, { key: null });
      return api.ended((await api.get(`/v1/deliveries/${body.delivery_id}`)).body.run_id);
    });
    const longest = await longestTurnMs(Promise.all(runs));
    expect(longest).toBeLessThan(BLOCKED_MS);
    for (const run of runs) expect((await run).error).toMatchObject({ name: 'ExpressionError', step: 'bad' });
  });

  test('of a mapping', async () => {
    const path = await openWebhook(await api.publish(ONE_STEP), '{"x": $match(body.t, /a(.*b)?/)}');
    const work = api.post(path, text, { key: null });
    const longest = await longestTurnMs(work);
    expect(longest).toBeLessThan(BLOCKED_MS);
    expectRefusal(await work, 400, 'mapping');
  });

  test('of a check of inputs', async () => {
    const id = await api.publish(ONE_STEP, { top: 'input: { properties: { list: { uniqueItems: true } } }' });
    const work = api.start(id, { list: Array.from({ length: 30_000 }, (_, n) => ({ n })) });
    const longest = await longestTurnMs(work);
    expect(longest).toBeLessThan(BLOCKED_MS);
    expectRefusal(await work, 400, 'inputs');
  });
});

test('the time of expressions counts in the timeout of their step', async () => {
  const loop = yaml('($f := function($n) { $f($n) }; $f(1))');
  const long = yaml('$count([1..9].$string([1..20000]))');
  const id = await api.publish(`  - id: bad\n    timeout: 1s\n    set: { x: [${Array(20).fill(long)}, ${loop}] }\n`);
  const { body } = await api.start(id);
  expect((await api.ended(body.id)).error).toMatchObject({ name: 'Timeout', step: 'bad' });
});
