import { describe, expect, test } from 'vitest';
import { afterFailure } from '../../../shared/run/decide/after-failure.ts';
import { indexIn, itemScope, keyOf, scopeOf, tryIn, tryScope } from '../../../shared/run/model/scope.ts';
import { aPlan } from '../../builders.ts';

describe('what to do with a step that has failed', () => {
  const policy = { attempts: 3, delaySeconds: 1, backoff: 2, jitter: false };

  test('without a policy it has failed for good', () => {
    expect(afterFailure('Timeout', 1, undefined)).toEqual({ kind: 'fail' });
  });

  test('attempts counts executions, the first included', () => {
    expect([1, 2, 3, 4].map((failures) => afterFailure('Timeout', failures, policy).kind)).toEqual([
      'retry',
      'retry',
      'fail',
      'fail',
    ]);
  });

  test('an error that the policy does not name is not tried again', () => {
    expect(afterFailure('Timeout', 1, { ...policy, on: ['Timeout'] })).toEqual({ kind: 'retry' });
    expect(afterFailure('HttpClientError', 1, { ...policy, on: ['Timeout'] })).toEqual({ kind: 'fail' });
    expect(afterFailure('StepInterrupted', 1, policy)).toEqual({ kind: 'fail' });
    expect(afterFailure('StepInterrupted', 1, { ...policy, on: ['StepInterrupted'] })).toEqual({ kind: 'retry' });
  });
});

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
  const planned = (id: string) => {
    const step = plan.steps.get(id);
    if (!step) throw new Error(`no ${id}`);
    return step;
  };
  const deep = itemScope(itemScope(tryScope('', 'outer', 2), 'outer', 11), 'inner', 3);

  test('seen from the scope it is in and from any below', () => {
    expect(deep).toBe('outer~2/outer[11]/inner[3]/');
    expect(keyOf(planned('leaf'), deep)).toBe('outer~2/outer[11]/inner[3]/leaf');
    expect(keyOf(planned('inner'), deep)).toBe('outer~2/outer[11]/inner');
    expect(scopeOf(planned('outer'), deep)).toBe('');
    expect(keyOf(planned('after'), deep)).toBe('after');
  });

  test('indices and tries are read from the scope by the name of the group, not by one it begins with', () => {
    expect([indexIn(deep, 'outer'), indexIn(deep, 'inner'), indexIn(deep, 'out')]).toEqual([11, 3, undefined]);
    expect([tryIn(deep, 'outer'), tryIn(deep, 'inner')]).toEqual([2, undefined]);
  });
});
