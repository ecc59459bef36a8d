import { expect, test } from 'vitest';
import { set } from '../../shared/step/set.ts';

test('the result is the object', async () => {
  const values = { a: 1, b: { c: [null] } };
  expect(await set.evaluate?.(set.resolved.parse(values))).toEqual(values);
});

test('takes names and values only', () => {
  expect(set.schema.safeParse({ a: '${ 1 }' }).success).toBe(true);
  expect(set.schema.safeParse(['a']).success).toBe(false);
});
