import { expect, test } from 'vitest';
import { forEach } from '../../shared/step/for-each.ts';

const spec = { in: '${ $input.list }', as: 'item', concurrency: 10, steps: [] };
const itemsOf = async (value: unknown) => (await forEach.enter(spec, () => Promise.resolve(value))).items;

test.each([
  [
    [1, 2],
    [1, 2],
  ],
  [
    [[1], [2]],
    [[1], [2]],
  ],
  ['one', ['one']],
  [{ a: 1 }, [{ a: 1 }]],
  [false, [false]],
  [null, []],
  [undefined, []],
])('%j is walked as %j', async (value, items) => {
  expect(await itemsOf(value)).toEqual(items);
});

test('walks 1,000 items and no more', async () => {
  expect(await itemsOf(new Array(1_000).fill(0))).toHaveLength(1_000);
  await expect(itemsOf(new Array(1_001).fill(0))).rejects.toMatchObject({
    name: 'ExpressionError',
    message: 'forEach.in: 1001 items, at most 1000 are allowed',
  });
});

test('gives the outputs in the order of the list', async () => {
  const last = (branch: string, index?: number) => Promise.resolve(`${branch} ${index}`);
  expect(await forEach.output(spec, { items: ['x', 'y'] }, last)).toEqual(['steps 0', 'steps 1']);
});
