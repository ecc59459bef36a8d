import { describe, expect, test } from 'vitest';
import { survey } from '../../../shared/run/survey.ts';
import { aPlan, aRow, rowsOf } from '../../builders.ts';

const places = (plan: ReturnType<typeof aPlan>, ...rows: ReturnType<typeof aRow>[]) =>
  Object.fromEntries(survey(plan, rowsOf(...rows)).map(({ key, place }) => [key, place]));

const three = aPlan(`
  - { id: a, set: {} }
  - { id: b, set: {} }
  - { id: c, set: {} }
`);

describe('the place of steps in a list', () => {
  test('the first step without a row may be in flight, those behind it cannot be', () => {
    expect(places(three)).toEqual({ a: 'reached', b: 'unreached', c: 'unreached' });
    expect(places(three, aRow('a'))).toEqual({ a: 'row', b: 'reached', c: 'unreached' });
  });

  test('a step skipped by its condition lets the next one start', () => {
    expect(places(three, aRow('a', { status: 'skipped', reason: 'condition' }))).toMatchObject({ b: 'reached' });
  });

  test('a step that failed lets nothing start, one whose failure was caught does', () => {
    expect(places(three, aRow('a', { status: 'failed' }))).toMatchObject({ b: 'unreached' });
    expect(places(three, aRow('a', { status: 'failed', handler: 0 }))).toMatchObject({ b: 'reached' });
  });
});

describe('the place of steps in groups', () => {
  const choice = aPlan(`
  - id: pick
    switch:
      - { when: '\${ true }', steps: [{ id: yes, set: {} }, { id: next, set: {} }] }
      - { otherwise: [{ id: no, set: {} }] }
`);

  test('before a switch has chosen, nothing in it can be in flight', () => {
    expect(places(choice)).toEqual({ pick: 'reached', yes: 'unreached', next: 'unreached', no: 'unreached' });
  });

  test('the case not taken is told apart from the one that is', () => {
    expect(places(choice, aRow('pick', { status: 'running', case: 'case0' }))).toEqual({
      pick: 'row',
      yes: 'reached',
      next: 'unreached',
      no: 'untaken',
    });
  });

  test('the branches of a parallel without a row may be in flight', () => {
    const both = aPlan(`
  - id: both
    parallel: { left: [{ id: l, set: {} }], right: [{ id: r, set: {} }] }
`);
    expect(places(both)).toEqual({ both: 'reached', l: 'reached', r: 'reached' });
  });

  test('a loop shows the items that have left a row, and as many more as may have been handed out', () => {
    const loop = aPlan(`
  - id: each
    forEach: { in: '\${ $input.items }', as: item, concurrency: 2, steps: [{ id: x, set: {} }, { id: y, set: {} }] }
`);
    const seen = places(loop, aRow('each', { status: 'running', itemCount: 4 }), aRow('each[0]/x'));
    expect(seen).toEqual({
      each: 'row',
      'each[0]/x': 'row',
      'each[0]/y': 'reached',
      'each[1]/x': 'queued',
      'each[1]/y': 'unreached',
    });
  });

  test('an item that is under way takes the place of one that could have been handed out', () => {
    const loop = aPlan(`
  - id: each
    forEach: { in: '\${ $input.items }', as: item, concurrency: 2, steps: [{ id: x, set: {} }] }
`);
    const row = aRow('each', { status: 'running', itemCount: 9 });
    expect(Object.keys(places(loop, row, aRow('each[0]/x', { status: 'failed' })))).toEqual(['each', 'each[0]/x', 'each[1]/x']);
    expect(Object.keys(places(loop, row, aRow('each[0]/x')))).toEqual(['each', 'each[0]/x', 'each[1]/x', 'each[2]/x']);
  });

  test('a group with retry is looked at in its current try, earlier tries keep their rows', () => {
    const again = aPlan(`
  - id: g
    parallel: { only: [{ id: x, set: {} }] }
    retry: { attempts: 3 }
`);
    const seen = places(again, aRow('g', { status: 'running', tries: 2 }), aRow('g~1/x', { status: 'failed' }));
    expect(seen).toEqual({ g: 'row', 'g~2/x': 'reached', 'g~1/x': 'row' });
  });

  test('steps of a catch come into play when it has taken a failure', () => {
    const caught = aPlan(`
  - id: a
    set: {}
    catch: [{ steps: [{ id: mend, set: {} }] }]
`);
    expect(places(caught, aRow('a'))).toEqual({ a: 'row', mend: 'untaken' });
    expect(places(caught, aRow('a', { status: 'failed', handler: 0 }))).toEqual({ a: 'row', mend: 'reached' });
  });
});
