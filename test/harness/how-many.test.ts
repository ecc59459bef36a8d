import { afterEach, expect, test, vi } from 'vitest';
import { howMany } from './how-many.ts';

afterEach(() => vi.unstubAllEnvs());

test('a test is as long as usual, or as long as it is told to be', () => {
  expect(howMany('NO_SUCH_VARIABLE', 12)).toBe(12);
  vi.stubEnv('NO_SUCH_VARIABLE', '60');
  expect(howMany('NO_SUCH_VARIABLE', 12)).toBe(60);
});

test.each(['0', '-1', 'many', '1.5', ''])('a test that would do nothing is refused: %j', (count) => {
  vi.stubEnv('NO_SUCH_VARIABLE', count);
  expect(() => howMany('NO_SUCH_VARIABLE', 12)).toThrow('must be 1 or more');
});
