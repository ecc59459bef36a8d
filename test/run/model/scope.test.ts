import { describe, expect, test } from 'vitest';
import { indexIn, itemScope, parseKey, scopeOf, stepKeyOf, tryIn, tryScope } from '../../../shared/run/model/scope.ts';
import { plannedIn } from '../../../shared/workflow/plan.ts';
import { aPlan } from '../../harness/builders.ts';

describe('where a step stands', () => {
  const plan = aPlan(`
  - id: outer
    retry: { attempts: 2 }
    forEach:
      in: [1]
      as: n
      steps:
        - id: inner
          forEach: { in: [1], as: m, steps: [{ id: leaf, set: {} }] }
  - { id: after, set: {} }
`);
  const deep = itemScope(itemScope(tryScope('', 'outer', 2), 'outer', 11), 'inner', 3);

  test('seen from the scope it is in and from any below', () => {
    expect(deep).toBe('outer~2/outer[11]/inner[3]/');
    expect(stepKeyOf(plannedIn(plan, 'leaf'), deep)).toBe('outer~2/outer[11]/inner[3]/leaf');
    expect(stepKeyOf(plannedIn(plan, 'inner'), deep)).toBe('outer~2/outer[11]/inner');
    expect(scopeOf(plannedIn(plan, 'outer'), deep)).toBe('');
    expect(stepKeyOf(plannedIn(plan, 'after'), deep)).toBe('after');
    expect(parseKey(`${deep}leaf`)).toEqual({ scope: deep, id: 'leaf' });
  });

  test('indices and tries are read from the scope by the name of the group, not by one it begins with', () => {
    expect([indexIn(deep, 'outer'), indexIn(deep, 'inner'), indexIn(deep, 'out')]).toEqual([11, 3, undefined]);
    expect([tryIn(deep, 'outer'), tryIn(deep, 'inner')]).toEqual([2, undefined]);
  });
});
