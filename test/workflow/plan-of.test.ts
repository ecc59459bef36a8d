import { expect, test } from 'vitest';
import { plannedIn } from '../../shared/workflow/plan.ts';
import { listOf, listsInside } from '../../shared/workflow/plan-of.ts';
import { aStep, planOfSteps, saidOf } from './documents.ts';

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
  expect([of('x')?.parent?.id, of('x')?.place]).toEqual(['s', { kind: 'branch', name: 'case0' }]);
  expect([of('h2')?.parent?.id, of('h2')?.place]).toEqual(['l', { kind: 'catch', index: 1 }]);
  expect([of('a')?.parent, of('a')?.place]).toEqual([null, { kind: 'top' }]);
  expect([of('l')?.branches, of('l')?.handlers]).toEqual([new Map([['steps', ['s']]]), [['h1'], ['h2', 'h3']]]);
});

test('a step knows its list', () => {
  expect(['x', 'h1', 'h3', 'b'].map((id) => listOf(plan, plannedIn(plan, id)))).toEqual([
    ['x'],
    ['h1'],
    ['h2', 'h3'],
    ['a', 'l', 'b'],
  ]);
  expect(listsInside(plannedIn(plan, 'l')).map(({ ids }) => ids)).toEqual([['s'], ['h1'], ['h2', 'h3']]);
});

test.each(['catchAll', 'catch0'])('a branch named %s is a branch, beside a handler of the same group', (name) => {
  const group = {
    id: 'p',
    parallel: { [name]: [aStep('a'), aStep('b')], other: [aStep('c')] },
    catch: [{ steps: [aStep('h', { set: { why: '${ $error.name }' } })] }],
  };
  const { steps } = planOfSteps(group);
  expect(['a', 'b', 'h'].map((id) => steps.get(id)?.place)).toEqual([
    { kind: 'branch', name },
    { kind: 'branch', name },
    { kind: 'catch', index: 0 },
  ]);
  expect(steps.get('b')?.needs).toEqual(['a']);
  const reads = { ...group, parallel: { [name]: [aStep('a', { set: { why: '${ $error.name }' } })] } };
  expect(saidOf(reads)).toEqual(['steps.a.set.why: $error is known inside catch only']);
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
