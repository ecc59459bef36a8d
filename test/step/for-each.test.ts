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
])('%j gives the items %j', async (value, items) => {
  expect(await itemsOf(value)).toEqual(items);
});

test('takes 10,000 items and no more', async () => {
  expect(await itemsOf(new Array(10_000).fill(0))).toHaveLength(10_000);
  await expect(itemsOf(new Array(10_001).fill(0))).rejects.toMatchObject({
    name: 'ExpressionError',
    message: 'forEach.in: 10001 items, at most 10000 are allowed',
  });
});

test('gives the outputs in the order of the list, and asks for a hundred at a time', async () => {
  let most = 0;
  let open = 0;
  const last = async (branch: string, index?: number) => {
    most = Math.max(most, ++open);
    await new Promise((resolve) => setImmediate(resolve));
    open -= 1;
    return `${branch} ${index}`;
  };
  const outputs = Array.from({ length: 250 }, (_, index) => `steps ${index}`);
  expect(await forEach.output(spec, { count: 250 }, last)).toEqual(outputs);
  expect(most).toBe(100);
});
