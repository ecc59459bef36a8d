import { describe, expect, test } from 'vitest';
import { closeSteps } from '../../../shared/run/close-steps.ts';
import { aPlan, aRow, aRun, rowsOf } from '../../builders.ts';

const now = new Date('2026-11-23T08:01:00.000Z');
const plan = aPlan(`
  - { id: a, set: {} }
  - { id: slow, needs: [a], set: {} }
  - { id: bad, needs: [a], set: {} }
  - { id: last, needs: [slow, bad], set: {} }
`);

describe('closing the steps of a run that ends without success', () => {
  const rows = rowsOf(
    aRow('a'),
    aRow('slow', { status: 'running' }),
    aRow('bad', { status: 'failed', error: { name: 'Boom', message: 'no' } }),
  );

  test('steps in flight are cancelled, with why', () => {
    const { rows: closed } = closeSteps(aRun(), plan, rows, 'failed', now);
    expect(closed.map(({ key, status, error }) => [key, status, error?.name])).toEqual([['slow', 'cancelled', 'RUN_FAILED']]);
  });

  test('steps that never started are told as skipped, blocked', () => {
    const { blocked } = closeSteps(aRun(), plan, rows, 'failed', now);
    expect(blocked).toMatchObject([{ step: 'last', type: 'step_completed', skipped: true, reason: 'blocked' }]);
  });

  test('a step that may be in flight without a row gets one, so that its worker finds the door closed', () => {
    const { rows: closed } = closeSteps(aRun(), plan, rowsOf(aRow('a')), 'cancelled', now);
    expect(closed.map(({ key, error }) => [key, error?.name])).toEqual([
      ['slow', 'RUN_STOPPED'],
      ['bad', 'RUN_STOPPED'],
    ]);
  });

  test('a group fails with the step in it that failed, and names it', () => {
    const group = aPlan(`
  - id: g
    parallel: { one: [{ id: x, set: {} }], two: [{ id: y, set: {} }] }
`);
    const inside = rowsOf(
      aRow('x', { status: 'failed', error: { name: 'Boom', message: 'no' } }),
      aRow('y', { status: 'running' }),
    );
    const { rows: closed } = closeSteps(aRun(), group, inside, 'failed', now);
    expect(closed.map(({ key, status, error }) => [key, status, error?.step])).toEqual([
      ['g', 'failed', 'x'],
      ['y', 'cancelled', undefined],
    ]);
  });

  test('closing what has been closed says nothing more', () => {
    const run = aRun();
    const first = closeSteps(run, plan, rows, 'failed', now);
    const after = new Map([...rows, ...rowsOf(...first.rows)]);
    expect(closeSteps(run, plan, after, 'failed', now).rows).toEqual([]);
  });
});
