import { describe, expect, test } from 'vitest';
import { setting } from './setting.ts';

const at = setting();

const repeat = (spec: object, more: object = {}) => ({ id: 'r', repeat: spec, ...more });
const get = (id: string, url: string, more: object = {}) => ({ id, http: { method: 'GET', url }, output: '${ body }', ...more });
/** `n` rounds, each of which shows what it knows. */
const rounds = (n: number, more: object = {}) =>
  repeat(
    { until: `\${ $index = ${n - 1} }`, max: 5, steps: [{ id: 'x', set: { at: '${ $index }', last: '${ $last.at }' } }] },
    more,
  );

describe('repeat', () => {
  test('goes on until its condition holds after a round, and gives the output of the last one', async () => {
    const url = at.stub.on('/poll', [{ body: 'busy' }, { body: 'busy' }, { body: 'done' }]);
    const run = await at.api.through({
      steps: [
        repeat({ until: '${ $last = "done" }', max: 10, steps: [get('poll', url)] }),
        { id: 'after', set: { r: '${ $steps.r }' } },
      ],
      output: { r: '${ $steps.after.r }' },
    });
    expect(run).toMatchObject({ status: 'succeeded', outputs: { r: 'done' }, steps: { total: 5, succeeded: 5 } });
    expect(at.stub.count('/poll')).toBe(3);
    expect(await at.api.story(run.id)).toEqual([
      'run_created',
      'run_started',
      'step_started r',
      ...[0, 1, 2].flatMap((n) => [`step_started r[${n}]/poll`, `step_completed r[${n}]/poll`]),
      'step_completed r',
      'step_started after',
      'step_completed after',
      'run_succeeded',
    ]);
    expect(Object.keys(await at.api.fates(run.id))).toEqual(['r', 'r[0]/poll', 'r[1]/poll', 'r[2]/poll', 'after']);
  });

  test('hands the output of a round to the next one, and null to the first', async () => {
    const run = await at.api.through({
      steps: [
        repeat(
          {
            until: '${ $count($last.seen) = 4 }',
            max: 10,
            steps: [
              { id: 'before', set: { type: '${ $type($last) }', count: '${ $count($last.seen) }' } },
              { id: 'x', set: { seen: '${ $append($last.seen, [$steps.before]) }' } },
            ],
          },
          { output: '${ seen }' },
        ),
      ],
      output: { r: '${ $steps.r }' },
    });
    expect(run.outputs).toEqual({
      r: [
        { type: 'null', count: 0 },
        { type: 'object', count: 1 },
        { type: 'object', count: 2 },
        { type: 'object', count: 3 },
      ],
    });
  });

  test('takes one round at least, and as many as max; one more fails by its name, which a handler takes', async () => {
    const once = await at.api.through({ steps: [rounds(1)], output: { r: '${ $steps.r }' } });
    expect(once.outputs).toEqual({ r: { at: 0, last: null } });
    const all = await at.api.through({ steps: [rounds(5)], output: { r: '${ $steps.r }' } });
    expect(all.outputs).toEqual({ r: { at: 4, last: 3 } });
    const more = await at.api.through({ steps: [rounds(6)] });
    expect(more).toMatchObject({
      status: 'failed',
      error: {
        name: 'LimitReached',
        step: 'r',
        message: 'r.repeat.until did not hold after 5 rounds, the most that max allows.',
      },
      steps: { succeeded: 5, failed: 1 },
    });
    const taken = await at.api.through({
      steps: [rounds(6, { catch: [{ on: ['LimitReached'], steps: [{ id: 'mend', set: { late: true } }] }] })],
      output: { r: '${ $steps.r }' },
    });
    expect(taken).toMatchObject({ status: 'succeeded', outputs: { r: { late: true } } });
  });

  test('a round that fails fails it; with retry it begins anew', async () => {
    const url = at.stub.on('/round', [{ body: 1 }, { status: 500 }, { body: 2 }, { body: 3 }]);
    const run = await at.api.through({
      steps: [
        repeat(
          { until: '${ $index = 1 }', max: 2, steps: [get('x', url, { output: "${ {'n': body, 'last': $last.n} }" })] },
          { retry: { attempts: 2, delay: '1s' } },
        ),
      ],
      output: { r: '${ $steps.r }' },
    });
    expect(run).toMatchObject({ status: 'succeeded', outputs: { r: { n: 3, last: 2 } } });
    expect(await at.api.fates(run.id)).toEqual({
      r: 'succeeded',
      'r~2/r[0]/x': 'succeeded',
      'r~2/r[1]/x': 'succeeded',
      'r~1/r[0]/x': 'succeeded',
      'r~1/r[1]/x': 'failed',
    });
  });

  test('stands in loops and holds loops, each with its own index, items and rounds', async () => {
    const run = await at.api.through({
      steps: [
        {
          id: 'each',
          forEach: {
            in: "${ ['a', 'b'] }",
            as: 'letter',
            steps: [
              repeat({
                until: '${ $index = 1 }',
                max: 2,
                steps: [
                  {
                    id: 'inner',
                    forEach: {
                      in: '${ [1, 2] }',
                      as: 'n',
                      steps: [{ id: 'cell', set: { is: '${ $letter & $n & $index & $count($last) }' } }],
                    },
                  },
                ],
              }),
            ],
          },
        },
      ],
      output: { all: '${ $steps.each }' },
    });
    expect(run.outputs).toEqual({
      all: [
        [{ is: 'a102' }, { is: 'a212' }],
        [{ is: 'b102' }, { is: 'b212' }],
      ],
    });
  });

  test('an item that is null is the item of its own loop, whatever the one around it is called', async () => {
    const loop = (id: string, items: unknown[], steps: unknown[]) => ({ id, forEach: { in: items, as: 'item', steps } });
    const run = await at.api.through({
      steps: [loop('outer', [1], [loop('inner', [null, 2], [{ id: 'x', set: { item: '${ $item }' } }])])],
      output: { all: '${ $steps.outer }' },
    });
    expect(run.outputs).toEqual({ all: [[{ item: null }, { item: 2 }]] });
  });

  test('a condition that cannot be asked, or is neither true nor false, fails it', async () => {
    const failing = (until: string) => ({ steps: [repeat({ until, max: 3, steps: [{ id: 'x', set: {} }] })] });
    expect((await at.api.through(failing('${ "1" > 2 }'))).error).toMatchObject({ name: 'ExpressionError', step: 'r' });
    expect((await at.api.through(failing('${ "no" }'))).error?.message).toBe(
      'r.repeat.until: must give true or false, not a string',
    );
  });

  test('a run that pauses goes on with the next round, one that is stopped begins no other', async () => {
    const url = at.stub.on('/slow-round', (_, n) => ({ afterMs: 150, body: n }));
    const workflow = await at.api.publish({
      steps: [repeat({ until: '${ $last >= 6 }', max: 20, steps: [get('x', url)] })],
      output: { r: '${ $steps.r }' },
    });
    const { id } = await at.api.start(workflow);
    await at.stub.called('/slow-round', 2);
    const command = (name: string) =>
      at.api.expect(200, 'POST', `/v1/workflows/${workflow}/command`, { command: name, run_id: id, params: {} });
    await command('pause');
    await at.api.until(id, ({ status }) => status === 'paused');
    const called = at.stub.count('/slow-round');
    expect(called).toBeLessThan(5);
    await command('resume');
    expect(await at.api.ended(id)).toMatchObject({ status: 'succeeded', outputs: { r: 6 } });
    expect(at.stub.count('/slow-round')).toBe(6);

    const endless = at.stub.on('/endless-round', { afterMs: 50 });
    const run = await at.api.start(
      await at.api.publish({ steps: [repeat({ until: false, max: 1_000, steps: [get('x', endless)] })] }),
    );
    await at.stub.called('/endless-round', 3);
    await at.api.stop(run);
    const ended = await at.api.ended(run.id);
    expect(ended).toMatchObject({ status: 'stopped', steps: { failed: 0 } });
    // The repeat itself, and its rounds.
    expect(ended.steps['total']).toBeLessThanOrEqual(1 + at.stub.count('/endless-round') + 1);
  });
});
