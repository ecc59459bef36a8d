import { describe, expect, test } from 'vitest';
import { setting } from './setting.ts';

const at = setting();

describe('what steps know', () => {
  test('inputs and their defaults reach the steps', async () => {
    const run = await at.api.through(
      {
        input: {
          type: 'object',
          required: ['who'],
          properties: { who: { type: 'string' }, times: { type: 'integer', default: 3 } },
        },
        steps: [
          {
            id: 'a',
            set: { who: '${ $input.who }', times: '${ $input.times }', said: 'hello ${ $input.who }, ${ $input.times } times' },
          },
        ],
        output: { a: '${ $steps.a }' },
      },
      { who: 'Ada' },
    );
    expect(run).toMatchObject({
      status: 'succeeded',
      inputs: { who: 'Ada', times: 3 },
      outputs: { a: { who: 'Ada', times: 3, said: 'hello Ada, 3 times' } },
    });
  });

  test('$run names the run', async () => {
    const workflow = await at.api.publish({
      reference: 'R-${ $input.n }',
      steps: [{ id: 'a', set: { run: '${ $run }' } }],
      output: { run: '${ $steps.a.run }' },
    });
    const started = await at.api.start(workflow, { n: 7 }, { name: 'seventh' });
    const run = await at.api.ended(started.id);
    expect(run).toMatchObject({ name: 'seventh', reference: 'R-7' });
    expect(run.outputs?.['run']).toMatchObject({ id: run.id, name: 'seventh', reference: 'R-7', trigger: 'manual' });
  });

  test('three http steps, the third of which uses both earlier outputs', async () => {
    const one = at.stub.on('/w3/one', { body: { n: 1 } });
    const two = at.stub.on('/w3/two', { body: { n: 2 } });
    const run = await at.api.through({
      steps: [
        { id: 'one', http: { method: 'GET', url: one }, output: '${ body.n }' },
        { id: 'two', http: { method: 'GET', url: two } },
        {
          id: 'three',
          http: { method: 'POST', url: `${at.stub.url}/w3/three`, body: { sum: '${ $steps.one + $steps.two.body.n }' } },
        },
      ],
      output: { said: '${ $steps.three.body.body }', status: '${ $steps.two.status }' },
    });
    expect(run).toMatchObject({
      status: 'succeeded',
      outputs: { said: { sum: 3 }, status: 200 },
      steps: { total: 3, succeeded: 3 },
    });
    expect(await at.api.story(run.id)).toEqual([
      'run_created',
      'run_started',
      'step_started one',
      'step_completed one',
      'step_started two',
      'step_completed two',
      'step_started three',
      'step_completed three',
      'run_succeeded',
    ]);
  });

  test('a step whose condition is false is skipped, is null, and lets what needs it start', async () => {
    const run = await at.api.through(
      {
        steps: [
          { id: 'no', if: '${ $input.wanted }', http: { method: 'GET', url: `${at.stub.url}/skipped` } },
          {
            id: 'group',
            if: '${ 1 = 2 }',
            parallel: { one: [{ id: 'inside', http: { method: 'GET', url: `${at.stub.url}/skipped` } }] },
          },
          { id: 'after', needs: ['no', 'group'], set: { no: '${ $steps.no }', group: '${ $steps.group }' } },
        ],
        output: { after: '${ $steps.after }' },
      },
      { wanted: false },
    );
    expect(run).toMatchObject({
      status: 'succeeded',
      outputs: { after: { no: null, group: null } },
      steps: { total: 3, skipped: 2, succeeded: 1 },
    });
    expect(await at.api.fates(run.id)).toEqual({
      no: 'skipped/condition',
      group: 'skipped/condition',
      inside: 'skipped/condition',
      after: 'succeeded',
    });
    expect((await at.api.events(run.id)).filter(({ skipped }) => skipped)).toMatchObject([
      { type: 'step_completed', step: 'no', reason: 'condition' },
      { type: 'step_completed', step: 'group', reason: 'condition' },
    ]);
    expect(at.stub.count('/skipped')).toBe(0);
  });
});

describe('the order of steps', () => {
  test('every needs is respected, and what needs nothing of each other is in flight together', async () => {
    const slow = { afterMs: 400, body: null };
    const step = (id: string, needs: string[]) => ({ id, needs, http: { method: 'GET', url: at.stub.on(`/order/${id}`, slow) } });
    const run = await at.api.through({
      steps: [step('a', []), step('b', ['a']), step('c', ['a']), step('d', ['b', 'c']), step('e', [])],
    });
    expect(run.status).toBe('succeeded');
    const call = (id: string) => at.stub.to(`/order/${id}`)[0] ?? { at: Number.NaN, endedAt: Number.NaN };
    const inOrder = (one: string, other: string) => expect(call(one).endedAt).toBeLessThan(call(other).at);
    inOrder('a', 'b');
    inOrder('a', 'c');
    inOrder('b', 'd');
    inOrder('c', 'd');
    expect(call('c').at).toBeLessThan(call('b').endedAt ?? 0);
    expect(call('b').at).toBeLessThan(call('c').endedAt ?? 0);
    expect(call('e').at).toBeLessThan(call('a').endedAt ?? 0);
  });

  test('the branches of a parallel are in flight together and give an output each', async () => {
    const url = at.stub.on('/branches', (call) => ({ afterMs: 400, body: call.query['n'] }));
    const branch = (n: string) => [
      { id: `get${n}`, http: { method: 'GET', url, query: { n } }, output: '${ body }' },
      { id: `say${n}`, set: { got: `\${ $steps.get${n} }` } },
    ];
    const run = await at.api.through({
      steps: [
        { id: 'both', parallel: { left: branch('1'), right: branch('2'), none: [{ id: 'off', if: '${ false }', set: {} }] } },
      ],
      output: { both: '${ $steps.both }' },
    });
    expect(run).toMatchObject({
      status: 'succeeded',
      outputs: { both: { left: { got: '1' }, right: { got: '2' }, none: null } },
    });
    expect(at.stub.mostAtOnce('/branches')).toBe(2);
  });
});

describe('switch', () => {
  const choice = {
    steps: [
      {
        id: 'pick',
        switch: [
          { when: '${ $input.n > 10 }', steps: [{ id: 'big', set: { size: 'big' } }] },
          {
            when: '${ $input.n > 5 }',
            steps: [
              { id: 'middle', set: { size: 'middle' } },
              { id: 'never', if: '${ false }', set: {} },
            ],
          },
          { otherwise: [{ id: 'small', set: { size: 'small' } }] },
        ],
      },
    ],
    output: { picked: '${ $steps.pick.size }' },
  };

  test.each([
    [11, 'big'],
    [6, 'middle'],
    [1, 'small'],
  ])('the first case that holds is taken: %i is %s', async (n, size) => {
    const run = await at.api.through(choice, { n });
    expect(run.outputs).toEqual({ picked: size });
    const fates = await at.api.fates(run.id);
    const untaken = ['big', 'middle', 'small'].filter((other) => other !== size);
    expect(fates).toMatchObject({
      pick: 'succeeded',
      [size]: 'succeeded',
      ...Object.fromEntries(untaken.map((id) => [id, 'skipped/condition'])),
    });
  });

  test('none taken is null', async () => {
    const run = await at.api.through({
      steps: [
        { id: 'pick', switch: [{ when: '${ false }', steps: [{ id: 'x', set: {} }] }] },
        { id: 'after', set: { got: '${ $steps.pick }' } },
      ],
      output: { after: '${ $steps.after }' },
    });
    expect(run).toMatchObject({ status: 'succeeded', outputs: { after: { got: null } } });
  });
});

describe('raise, output', () => {
  test('a raise fails the run under its name', async () => {
    const run = await at.api.through(
      {
        steps: [
          { id: 'stop', raise: { error: 'OutOfStock', message: 'Order ${ $input.id } cannot be filled' } },
          { id: 'never', set: {} },
        ],
      },
      { id: 9 },
    );
    expect(run).toMatchObject({
      status: 'failed',
      outputs: null,
      error: { name: 'OutOfStock', message: 'Order 9 cannot be filled', step: 'stop' },
      steps: { total: 2, failed: 1, skipped: 1 },
    });
    expect(await at.api.story(run.id)).toEqual([
      'run_created',
      'run_started',
      'step_started stop',
      'step_failed stop',
      'step_completed never',
      'run_failed',
    ]);
  });

  test('a projection that fails fails its step; the message names step, field and position', async () => {
    const run = await at.api.through({ steps: [{ id: 'a', set: { n: '12' }, output: '${ n > 10 }' }] });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'ExpressionError', step: 'a' } });
    expect(run.error?.message).toMatch(/steps\.a\.output: .*character \d+/);
  });

  test('a document output that fails fails the run, and no step of it', async () => {
    const run = await at.api.through({ steps: [{ id: 'a', set: { n: '12' } }], output: { bad: '${ $steps.a.n > 10 }' } });
    expect(run).toMatchObject({
      status: 'failed',
      error: { name: 'ExpressionError', step: null },
      steps: { succeeded: 1, failed: 0 },
    });
  });

  test('the output of a group is projected from its full result', async () => {
    const run = await at.api.through({
      steps: [
        { id: 'both', parallel: { l: [{ id: 'a', set: { n: 1 } }], r: [{ id: 'b', set: { n: 2 } }] }, output: '${ l.n + r.n }' },
      ],
      output: { sum: '${ $steps.both }' },
    });
    expect(run.outputs).toEqual({ sum: 3 });
  });
});

describe('wait', () => {
  test('time passes between the steps', async () => {
    const run = await at.api.through({
      steps: [
        { id: 'a', http: { method: 'GET', url: `${at.stub.url}/wait/before` } },
        { id: 'pause', wait: '1s' },
        { id: 'b', http: { method: 'GET', url: `${at.stub.url}/wait/after` } },
      ],
      output: { until: '${ $steps.pause.until }' },
    });
    expect(run.status).toBe('succeeded');
    const [before] = at.stub.to('/wait/before');
    const [after] = at.stub.to('/wait/after');
    expect((after?.at ?? 0) - (before?.at ?? 0)).toBeGreaterThanOrEqual(1000);
    expect(Date.parse(String(run.outputs?.['until']))).toBeGreaterThan(0);
    expect(await at.api.story(run.id)).toContain('step_started pause');
  });

  test('an instant that has passed is over at once, an expression gives seconds', async () => {
    const run = await at.api.through(
      {
        steps: [
          { id: 'past', wait: { until: '${ $input.instant }' } },
          { id: 'nothing', wait: '${ 1 - 1 }' },
        ],
        output: { until: '${ $steps.past.until }' },
      },
      { instant: '2001-01-01T00:00:00Z' },
    );
    expect(run).toMatchObject({ status: 'succeeded', outputs: { until: '2001-01-01T00:00:00.000Z' } });
  });

  test('an instant that is none fails the step', async () => {
    const run = await at.api.through({ steps: [{ id: 'w', wait: { until: '${ $input.instant }' } }] }, { instant: 'tomorrow' });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'ExpressionError', step: 'w' } });
  });
});
