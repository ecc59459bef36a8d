import { expect, test } from 'vitest';
import { aStep, planOfSteps } from './documents.ts';

const plan = planOfSteps(
  aStep('a'),
  {
    id: 'l',
    retry: {},
    forEach: {
      in: '${ $steps.a }',
      as: 'item',
      steps: [
        {
          id: 's',
          switch: [{ when: '${ $item }', steps: [{ id: 'x', set: { v: '${ $steps.a }' }, output: '${ $steps.a & $item }' }] }],
        },
      ],
    },
    catch: [{ on: ['Timeout'], steps: [aStep('h1')] }, { steps: [aStep('h2'), aStep('h3')] }],
  },
  aStep('b', { needs: ['a'], if: '${ $steps.a.ok }' }),
);
const of = (id: string) => plan.steps.get(id);

test('steps stand in the order of the document, outer before inner', () => {
  expect([...plan.steps.keys()]).toEqual(['a', 'l', 's', 'x', 'h1', 'h2', 'h3', 'b']);
  expect([...plan.steps.values()].map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(plan.top).toEqual(['a', 'l', 'b']);
});

test('a step knows its place', () => {
  expect([of('x')?.parent?.id, of('x')?.list, of('h2')?.parent?.id, of('h2')?.list, of('a')?.parent, of('a')?.list]).toEqual([
    's',
    'case0',
    'l',
    'catch1',
    null,
    'steps',
  ]);
  expect(Object.fromEntries(of('l')?.lists ?? [])).toEqual({ steps: ['s'], catch0: ['h1'], catch1: ['h2', 'h3'] });
});

test('a step needs the one above it unless it says otherwise', () => {
  expect([of('a')?.needs, of('l')?.needs, of('b')?.needs, of('h3')?.needs, of('h1')?.needs]).toEqual([
    [],
    ['a'],
    ['a'],
    ['h2'],
    [],
  ]);
});

test('scopes are those of tries and loops around it, not those of what failed before it', () => {
  expect(of('x')?.scopes).toEqual([
    { id: 'l', by: 'try' },
    { id: 'l', by: 'index' },
  ]);
  expect([of('l')?.scopes, of('h1')?.scopes]).toEqual([[], []]);
});

test('a step knows what its own templates read, not what those inside it do', () => {
  expect([of('x')?.reads, of('l')?.reads, of('s')?.reads, of('b')?.reads]).toEqual([['a'], ['a'], [], ['a']]);
});
