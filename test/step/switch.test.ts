import { expect, test } from 'vitest';
import { switchKind } from '../../shared/step/switch.ts';

const cases = [
  { when: 'first', steps: [] },
  { when: 'second', steps: [] },
];
const taken = (values: Record<string, unknown>, spec: Parameters<typeof switchKind.enter>[0] = cases) =>
  switchKind.enter(spec, (template) => Promise.resolve(values[String(template)]));

test('takes the first case that holds, and asks for no more', async () => {
  expect(await taken({ first: true, second: true })).toEqual({ case: 'case0' });
  expect(await taken({ first: false, second: true })).toEqual({ case: 'case1' });
});

test('takes otherwise when none holds, and nothing without it', async () => {
  expect(await taken({ first: false, second: null }, [...cases, { otherwise: [] }])).toEqual({ case: 'otherwise' });
  expect(await taken({})).toEqual({ case: 'skip' });
});

test('fails on what is neither true nor false, naming the case', async () => {
  await expect(taken({ first: false, second: 'false' })).rejects.toMatchObject({
    name: 'ExpressionError',
    message: expect.stringContaining('switch[1].when'),
  });
});

test('gives the output of the last step in the case taken', async () => {
  const last = (branch: string) => Promise.resolve(`last of ${branch}`);
  expect(await switchKind.output(cases, { case: 'case1' }, last)).toBe('last of case1');
  expect(await switchKind.output(cases, { case: 'skip' }, last)).toBeNull();
});
