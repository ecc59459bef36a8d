import { describe, expect, test } from 'vitest';
import { closeInside } from '../../../shared/run/close-steps.ts';
import { standingFailures } from '../../../shared/run/standing-failures.ts';
import { survey } from '../../../shared/run/survey.ts';
import { aPlan, aRow, aRun, rowsOf } from '../../builders.ts';

const now = new Date('2026-11-23T08:01:00.000Z');
const boom = (second: number) =>
  ({ status: 'failed', endedAt: `2026-11-23T08:00:0${second}.000Z`, error: { name: 'Boom', message: 'no' } }) as const;
const standing = (plan: ReturnType<typeof aPlan>, ...rows: ReturnType<typeof aRow>[]) =>
  standingFailures(plan, rowsOf(...rows)).map(({ key }) => key);

describe('the failures that stand', () => {
  const caught = aPlan(`
  - id: g
    parallel: { x: [{ id: inside, set: {} }] }
    catch: [{ steps: [{ id: mend, set: {} }] }]
  - { id: after, set: {} }
`);

  test('are told first to last', () => {
    const plan = aPlan(`
  - { id: a, needs: [], set: {} }
  - { id: b, needs: [], set: {} }
`);
    expect(standing(plan, aRow('a', boom(5)), aRow('b', boom(3)))).toEqual(['b', 'a']);
  });

  test('a failure inside a group that was caught does not', () => {
    expect(standing(caught, aRow('inside', boom(1)), aRow('g', { ...boom(1), handler: 0 }), aRow('after', boom(2)))).toEqual([
      'after',
    ]);
  });

  test('the failure of a handler does', () => {
    expect(standing(caught, aRow('inside', boom(1)), aRow('g', { ...boom(1), handler: 0 }), aRow('mend', boom(2)))).toEqual([
      'mend',
    ]);
  });

  test('a failure in a try that was followed by another does not', () => {
    const again = aPlan(`
  - id: g
    parallel: { x: [{ id: inside, set: {} }] }
    retry: { attempts: 3 }
`);
    expect(standing(again, aRow('g~1/inside', boom(1)), aRow('g', { status: 'running', tries: 1 }))).toEqual(['g~1/inside']);
    expect(standing(again, aRow('g~1/inside', boom(1)), aRow('g', { status: 'running', tries: 2 }))).toEqual([]);
  });
});

describe('what needs a step whose failure was caught', () => {
  const plan = aPlan(`
  - id: a
    set: {}
    catch: [{ steps: [{ id: one, set: {} }, { id: two, set: {} }] }]
  - { id: after, set: {} }
`);
  const placeOfAfter = (...rows: ReturnType<typeof aRow>[]) =>
    survey(plan, rowsOf(aRow('a', { ...boom(1), handler: 0 }), ...rows)).find(({ key }) => key === 'after')?.place;

  test('waits for the whole handler', () => {
    expect(placeOfAfter()).toBe('unreached');
    expect(placeOfAfter(aRow('one'))).toBe('unreached');
    expect(placeOfAfter(aRow('one'), aRow('two'))).toBe('reached');
  });

  test('never starts when the handler fails', () => {
    expect(placeOfAfter(aRow('one'), aRow('two', boom(2)))).toBe('unreached');
  });
});

describe('closing the steps inside a group that failed while the run goes on', () => {
  const plan = aPlan(`
  - id: outer
    parallel:
      left:
        - id: g
          forEach: { in: [1, 2], as: n, steps: [{ id: call, set: {} }, { id: next, set: {} }] }
          catch: [{ steps: [{ id: mend, set: {} }] }]
      right: [{ id: other, set: {} }]
`);

  test('cancels what is in flight there, and nothing else', () => {
    const g = plan.steps.get('g');
    if (!g) throw new Error('no g');
    const rows = rowsOf(
      aRow('g', { status: 'running', itemCount: 2 }),
      aRow('g[0]/call', boom(1)),
      aRow('g[1]/call', { status: 'running' }),
      aRow('other', { status: 'running' }),
    );
    const closed = closeInside(aRun(), plan, rows, { planned: g, scope: '' }, now);
    expect(closed.map(({ key, status, error }) => [key, status, error?.name])).toEqual([
      ['g[1]/call', 'cancelled', 'GROUP_FAILED'],
    ]);
  });
});
