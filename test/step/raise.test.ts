import { expect, test } from 'vitest';
import { raise } from '../../shared/step/raise.ts';

test('fails under the name of the author', async () => {
  const spec = raise.resolved.parse({ error: 'OutOfStock', message: 'none left' });
  await expect(raise.evaluate?.(spec)).rejects.toMatchObject({ name: 'OutOfStock', message: 'none left' });
});

test('says any plain value as its message', () => {
  expect(raise.resolved.parse({ error: 'Bad', message: 5 })).toEqual({ error: 'Bad', message: '5' });
  expect(raise.resolved.parse({ error: 'Bad', message: null })).toEqual({ error: 'Bad', message: '' });
});

test.each(['States.ALL', 'Lambda.Unknown', 'lower', '${ "Dynamic" }', ''])('%j is no name of an error', (error) => {
  expect(raise.schema.safeParse({ error, message: 'x' }).success).toBe(false);
});
