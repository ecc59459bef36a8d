import { expect, test } from 'vitest';
import { checkRoom } from '../../../shared/run/drive/room.ts';
import { plannedIn } from '../../../shared/workflow/plan.ts';
import { aPlan } from '../../harness/builders.ts';

const step = (id: string) => `{ id: ${id}, set: {} }`;
const plan = aPlan(`
  - { id: both, parallel: { one: [${step('a')}, ${step('b')}], two: [${step('c')}] } }
  - { id: either, switch: [{ when: true, steps: [${step('d')}, ${step('e')}, ${step('f')}] }, { otherwise: [${step('g')}] }] }
  - { id: each, forEach: { in: [], as: n, steps: [${step('h')}, ${step('i')}] } }
  - { id: rounds, repeat: { until: true, max: 2, steps: [${step('j')}, ${step('k')}] } }
`);

test.each([
  ['both', {}, 3],
  ['either', { case: 'case0' }, 3],
  ['either', { case: 'otherwise' }, 1],
  ['either', { case: 'skip' }, 0],
  ['each', { items: [1, 2, 3] }, 6],
  ['each', { items: [] }, 0],
  ['rounds', {}, 2],
])('%s, entered as %j, has %i steps more, and no run has more than 250,000', (id, entry, more) => {
  const check = (total: number) =>
    checkRoom({ countAhead: () => total, countSteps: () => ({ total }) as never }, plannedIn(plan, id), entry);
  expect(() => check(250_000 - more)).not.toThrow();
  expect(() => check(250_001 - more)).toThrow(`With "${id}" the run would have 250001 steps, at most 250000 are allowed.`);
});
