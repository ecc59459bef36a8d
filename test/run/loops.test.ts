import { describe, expect, test } from 'vitest';
import { setting } from './setting.ts';

const at = setting();

const doubled = (more: object = {}) => ({
  steps: [
    {
      id: 'each',
      forEach: {
        in: '${ $input.items }',
        as: 'item',
        ...more,
        steps: [{ id: 'double', set: { n: '${ $item * 2 }', at: '${ $index }' } }],
      },
    },
  ],
  output: { each: '${ $steps.each }' },
});

describe('forEach', () => {
  test('gives the outputs in the order of the list, whichever item is ready first', async () => {
    const url = at.stub.on('/order', (call) => ({ afterMs: 120 - Number(call.query['n']) * 30, body: { n: call.query['n'] } }));
    const run = await at.api.through({
      steps: [
        {
          id: 'each',
          forEach: {
            in: [1, 2, 3],
            as: 'n',
            steps: [{ id: 'call', http: { method: 'GET', url, query: { n: '${ $n }' } }, output: '${ body.n }' }],
          },
        },
      ],
      output: { each: '${ $steps.each }' },
    });
    expect(run).toMatchObject({ status: 'succeeded', outputs: { each: ['1', '2', '3'] } });
  });

  test('never executes more items at once than it may, and as many as it may', async () => {
    const url = at.stub.on('/width', { afterMs: 50 });
    const run = await at.api.through({
      steps: [
        {
          id: 'each',
          forEach: { in: '${ [1..12] }', as: 'n', concurrency: 3, steps: [{ id: 'call', http: { method: 'GET', url } }] },
        },
      ],
    });
    expect(run.status).toBe('succeeded');
    expect(at.stub.count('/width')).toBe(12);
    expect(at.stub.mostAtOnce('/width')).toBe(3);
  });

  test('concurrency 1 executes one after the other', async () => {
    const url = at.stub.on('/single-file', (call) => ({ afterMs: 20, body: call.query['n'] }));
    await at.api.through({
      steps: [
        {
          id: 'each',
          forEach: {
            in: '${ [1..4] }',
            as: 'n',
            concurrency: 1,
            steps: [{ id: 'call', http: { method: 'GET', url, query: { n: '${ $n }' } } }],
          },
        },
      ],
    });
    expect(at.stub.to('/single-file').map(({ query }) => query['n'])).toEqual(['1', '2', '3', '4']);
    expect(at.stub.mostAtOnce('/single-file')).toBe(1);
  });

  test.each([
    ['an empty list', [], []],
    ['null', null, []],
    ['a single value', 4, [{ n: 8, at: 0 }]],
    ['a list of one', [4], [{ n: 8, at: 0 }]],
    [
      'a list',
      [4, 5],
      [
        { n: 8, at: 0 },
        { n: 10, at: 1 },
      ],
    ],
  ])('takes %s', async (_, items, each) => {
    const run = await at.api.through(doubled(), { items });
    expect(run).toMatchObject({ status: 'succeeded', outputs: { each } });
  });

  test('takes 10,000 items, and shows each of them', { timeout: 120_000 }, async () => {
    const items = Array.from({ length: 10_000 }, (_, n) => n);
    const doubles = items.map((n) => ({ n: n * 2, at: n }));
    const first = doubled({ concurrency: 40 });
    const run = await at.api.through({ ...first, output: { ...first.output, sum: '${ $sum($steps.each.n) }' } }, { items });
    expect(run).toMatchObject({ status: 'succeeded', steps: { total: 10_001, succeeded: 10_001 } });
    expect(run.outputs?.['sum']).toBe(99_990_000);
    const step = await at.api.step(run.id, 'each');
    expect(step?.output).toEqual(doubles);
    const context = await at.api.context(run.id);
    expect(Object.keys(context)).toEqual(['each', ...items.map((n) => `each[${n}]/double`)]);
    expect(context['each[9999]/double']).toMatchObject({ status: 'succeeded', output: { n: 19_998, at: 9_999 } });
    const events = await at.api.events(run.id);
    expect(events).toHaveLength(20_005);
    expect(new Set(events.map(({ id }) => id)).size).toBe(20_005);
  });

  test('refuses 10,001 by the limit and the count', async () => {
    const run = await at.api.through(doubled(), { items: Array(10_001).fill(1) });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'ExpressionError', step: 'each' } });
    expect(run.error?.message).toContain('10001');
    expect(run.error?.message).toMatch(/10,?000/);
  });

  test('nests: an inner loop sees the items of both', async () => {
    const run = await at.api.through({
      steps: [
        {
          id: 'outer',
          forEach: {
            in: '${ [1, 2] }',
            as: 'row',
            steps: [
              { id: 'head', set: { row: '${ $row }', at: '${ $index }' } },
              {
                id: 'inner',
                forEach: {
                  in: "${ ['a', 'b'] }",
                  as: 'column',
                  steps: [{ id: 'cell', set: { is: '${ $row }${ $column }${ $index }', head: '${ $steps.head.row }' } }],
                },
                output: '${ $.is }',
              },
            ],
          },
        },
      ],
      output: { table: '${ $steps.outer }' },
    });
    expect(run).toMatchObject({
      status: 'succeeded',
      outputs: {
        table: [
          ['1a0', '1b1'],
          ['2a0', '2b1'],
        ],
      },
    });
    expect(Object.keys(await at.api.fates(run.id))).toEqual([
      'outer',
      'outer[0]/head',
      'outer[0]/inner',
      'outer[0]/inner[0]/cell',
      'outer[0]/inner[1]/cell',
      'outer[1]/head',
      'outer[1]/inner',
      'outer[1]/inner[0]/cell',
      'outer[1]/inner[1]/cell',
    ]);
  });

  test('an item whose failure is caught has the output of the handler', async () => {
    const run = await at.api.through({
      steps: [
        {
          id: 'each',
          forEach: {
            in: [1, 2, 3],
            as: 'n',
            steps: [
              {
                id: 'odd',
                if: '${ $n = 2 }',
                raise: { error: 'Even', message: '' },
                catch: [{ steps: [{ id: 'mend', set: { mended: '${ $n }' } }] }],
              },
              { id: 'last', if: '${ $n != 2 }', set: { n: '${ $n }' } },
            ],
          },
        },
      ],
      output: { each: '${ $steps.each }' },
    });
    expect(run).toMatchObject({ status: 'succeeded', outputs: { each: [{ n: 1 }, { mended: 2 }, { n: 3 }] } });
  });

  test('an item that fails fails the run: no further item starts', async () => {
    const url = at.stub.on('/failing-items', (call) => (call.query['n'] === '2' ? { status: 400 } : {}));
    const run = await at.api.through({
      steps: [
        {
          id: 'each',
          forEach: {
            in: '${ [1..6] }',
            as: 'n',
            concurrency: 1,
            steps: [{ id: 'call', http: { method: 'GET', url, query: { n: '${ $n }' } } }],
          },
        },
      ],
    });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'HttpClientError', step: 'call' } });
    expect(at.stub.count('/failing-items')).toBe(2);
    expect(await at.api.fates(run.id)).toMatchObject({ each: 'failed', 'each[0]/call': 'succeeded', 'each[1]/call': 'failed' });
  });
});
