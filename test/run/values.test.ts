import { describe, expect, test } from 'vitest';
import { setting } from './setting.ts';

const at = setting();
const MIB = 1024 * 1024;
const big = (bytes: number, letter = 'x') => letter.repeat(bytes);

describe.each([
  ['a little more than a row holds', 9_000],
  ['almost as large as values may be', 5 * MIB - 1_000],
])('values %s', (name, bytes) => {
  test('pass from step to step and into the outputs', async () => {
    const url = at.stub.on(`/large/${bytes}`, { body: { text: big(bytes) } });
    const run = await at.api.through({
      steps: [
        { id: 'a', http: { method: 'GET', url }, output: '${ body }' },
        { id: 'b', set: { text: '${ $steps.a.text }' } },
        { id: 'c', set: { length: '${ $length($steps.b.text) }' } },
      ],
      output: { text: '${ $steps.b.text }', length: '${ $steps.c.length }' },
    });
    expect(run.error).toBeNull();
    expect(run.status).toBe('succeeded');
    expect(run.outputs?.['length']).toBe(bytes);
    const outputs = await at.api.whole(`/v1/runs/${run.id}/values/outputs`);
    expect(JSON.stringify(outputs) === JSON.stringify({ text: big(bytes), length: bytes }), name).toBe(true);
    const output = await at.api.whole(`/v1/runs/${run.id}/values/outputs?step=b`);
    expect(JSON.stringify(output) === JSON.stringify({ text: big(bytes) }), name).toBe(true);
  });

  test('are sent in bodies', async () => {
    const url = at.stub.on(`/received/${bytes}`, {});
    const run = await at.api.through(
      {
        steps: [
          { id: 'a', set: { text: big(10) } },
          { id: 'b', http: { method: 'POST', url, body: { text: "${ $pad('', $input.n, 'x') }" } } },
        ],
      },
      { n: bytes },
    );
    expect(run.status).toBe('succeeded');
    expect(at.stub.to(`/received/${bytes}`)[0]?.body).toEqual({ text: big(bytes) });
  });
});

test('inputs may be large, and come back whole', async () => {
  const text = big(4 * MIB);
  const run = await at.api.through(
    { steps: [{ id: 'a', set: { length: '${ $length($input.text) }' } }], output: { length: '${ $steps.a.length }' } },
    { text },
  );
  expect(run).toMatchObject({ status: 'succeeded', outputs: { length: 4 * MIB } });
  expect(run.inputs).toMatchObject({
    text: { truncated: true, bytes: 4 * MIB + 2, whole: `/v1/runs/${run.id}/values/inputs` },
  });
  const inputs = await at.api.whole(`/v1/runs/${run.id}/values/inputs`);
  expect(JSON.stringify(inputs) === JSON.stringify({ text })).toBe(true);
});

test('items may be large together', async () => {
  const items = Array.from({ length: 40 }, (_, n) => ({ n, text: big(25_000) }));
  const run = await at.api.through(
    {
      steps: [
        {
          id: 'each',
          forEach: {
            in: '${ $input.items }',
            as: 'item',
            steps: [{ id: 'copy', set: { n: '${ $item.n }', text: '${ $item.text }' } }],
          },
        },
      ],
      output: { lengths: '${ $steps.each.$length(text) }', order: '${ $steps.each.n }' },
    },
    { items },
  );
  expect(run).toMatchObject({
    status: 'succeeded',
    outputs: { lengths: Array(40).fill(25_000), order: items.map(({ n }) => n) },
  });
});

test('a value over 5 MiB fails the step as OutputTooLarge, and can be caught', async () => {
  const large = { text: "${ $pad('', 5300000, 'x') }" };
  const run = await at.api.through({
    steps: [
      { id: 'a', set: large, catch: [{ on: ['OutputTooLarge'], steps: [{ id: 'mend', set: { error: '${ $error.name }' } }] }] },
      { id: 'b', set: large },
    ],
  });
  expect(run).toMatchObject({ status: 'failed', error: { name: 'OutputTooLarge', step: 'b' } });
  expect(run.error?.message).toMatch(/5242880/);
  expect((await at.api.fates(run.id))['mend']).toBe('succeeded');
});

test('outputs over 5 MiB fail the run, parts that fit or not', async () => {
  const half = { text: "${ $pad('', 3000000, 'x') }" };
  const run = await at.api.through({
    steps: [
      { id: 'a', set: half },
      { id: 'b', set: half },
    ],
    output: { a: '${ $steps.a.text }', b: '${ $steps.b.text }' },
  });
  expect(run).toMatchObject({ status: 'failed', error: { name: 'OutputTooLarge', step: null }, steps: { succeeded: 2 } });
});

test('an answer over 5 MiB fails the step', async () => {
  const run = await at.api.through({
    steps: [{ id: 'a', http: { method: 'GET', url: at.stub.on('/too-large', { body: big(5 * MIB + 10) }) } }],
  });
  expect(run).toMatchObject({ status: 'failed', error: { step: 'a', name: 'OutputTooLarge' } });
});
