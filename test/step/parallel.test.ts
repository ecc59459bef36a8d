import { expect, test } from 'vitest';
import { z } from 'zod';
import { parallel } from '../../shared/step/parallel.ts';

test('gives the output of the last step of each branch by name', async () => {
  expect(await parallel.output({ left: [], right: [] }, {}, (branch) => Promise.resolve(branch.length))).toEqual({
    left: 4,
    right: 5,
  });
});

test.each(['Left', 'a-b', '__proto__'])('%s is no name of a branch', (name) => {
  const schema = parallel.schema(z.array(z.never()));
  expect(schema.safeParse(Object.fromEntries([[name, []]])).success).toBe(false);
});
