import { expect, test } from 'vitest';
import { longestStepSeconds } from '../../shared/workflow/longest-step.ts';
import { aStep, planOfSteps } from './documents.ts';

const longest = (...steps: unknown[]) => longestStepSeconds(planOfSteps(...steps));

test('a step may take a minute unless it says otherwise, and one with an expression as long as any may', () => {
  expect(longest(aStep('a'))).toBe(60);
  expect(longest(aStep('a', { timeout: '5s' }))).toBe(5);
  expect(longest(aStep('a', { timeout: '5s' }), aStep('b', { timeout: '4m' }), aStep('c'))).toBe(240);
  expect(longest(aStep('a', { timeout: '${ 5 }' }))).toBe(890);
});

test('steps inside groups and handlers count, waits and other runs do not', () => {
  const inside = { id: 'p', parallel: { one: [aStep('a', { timeout: '2m' })] } };
  const handled = aStep('b', { timeout: '1s', catch: [{ steps: [aStep('h', { timeout: '3m' })] }] });
  expect(longest(inside, aStep('c', { timeout: '1s' }))).toBe(120);
  expect(longest(handled)).toBe(180);
  expect(longest({ id: 'w', wait: '5d' }, { id: 'r', run: { workflow: 'other' } })).toBe(0);
});
