import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { againFrom, ancestorsOf, successorsOf } from '../../shared/run/rerun/again.ts';
import { inputsReadBy } from '../../shared/run/rerun/input-readers.ts';
import { planRerun, type RerunOf } from '../../shared/run/rerun/plan-rerun.ts';
import { isPassed, type StepRow } from '../../shared/run/step-row.ts';
import type { Plan, PlannedStep } from '../../shared/workflow/plan.ts';
import { aPlan, aRow, rowsOf } from '../builders.ts';

const at = '2026-11-23T08:00:00.000Z';
const stepOf = (plan: Plan, id: string): PlannedStep => {
  const planned = plan.steps.get(id);
  if (!planned) throw new Error(`no step ${id}`);
  return planned;
};
const failed = (key: string, more: Partial<StepRow> = {}) =>
  aRow(key, { status: 'failed', failures: 1, error: { name: 'Bad', message: 'no' }, endedAt: at, startedAt: at, ...more });

function rerun(plan: Plan, rows: StepRow[], from: string, more: Partial<RerunOf> = {}) {
  return planRerun({
    origin: { id: 'origin', plan, rows: rowsOf(...rows) },
    target: plan,
    from: from === 'start' || from === 'failed' ? from : stepOf(more.target ?? plan, from),
    changedInputs: [],
    ...more,
  });
}
const shown = ({ rows }: { rows: StepRow[] }) =>
  Object.fromEntries(
    rows.map(({ key, status, reused, handler }) => [
      key,
      `${status}${reused ? ' reused' : ''}${handler === undefined ? '' : ` handler ${handler}`}`,
    ]),
  );

const ABC = aPlan(`
  - {id: a, set: {}}
  - {id: b, set: {}}
  - {id: c, set: {}}`);

describe('from the start', () => {
  test('nothing is taken over', () => expect(rerun(ABC, [aRow('a'), failed('b')], 'start').rows).toEqual([]));
});

describe('from the failure', () => {
  test('what has passed is taken over, marked with the run that executed it', () => {
    const rows = [aRow('a', { logId: '1', events: [], token: 't' }), aRow('b', { reused: 'older' }), failed('c')];
    expect(rerun(ABC, rows, 'failed').rows).toEqual([aRow('b', { reused: 'older' }), aRow('a', { reused: 'origin' })]);
  });

  test('what was skipped by its condition stays skipped; what was cancelled or blocked is executed', () => {
    const rows = [
      aRow('a', { status: 'skipped', reason: 'condition' }),
      aRow('b', { status: 'cancelled' }),
      aRow('c', { status: 'skipped', reason: 'blocked' }),
    ];
    expect(shown(rerun(ABC, rows, 'failed'))).toEqual({ a: 'skipped reused' });
  });

  test('groups go on with their items, their case and their try', () => {
    const plan = aPlan(`
  - id: each
    retry: {attempts: 3}
    forEach: {in: '\${ [1, 2] }', as: n, steps: [{id: x, set: {}}, {id: y, set: {}}]}
  - id: way
    switch: [{when: '\${ true }', steps: [{id: p, set: {}}, {id: q, set: {}}]}]`);
    const rows = [
      failed('each', { tries: 2, items: { json: '[1,2]' }, itemCount: 2 }),
      aRow('each~1/each[0]/x'),
      failed('each~1/each[0]/y'),
      aRow('each~2/each[0]/x'),
      failed('each~2/each[1]/x'),
      aRow('way', { status: 'cancelled', case: 'case0' }),
      aRow('p'),
    ];
    const { rows: kept } = rerun(plan, rows, 'failed');
    expect(kept.find(({ key }) => key === 'each')).toMatchObject({
      status: 'running',
      tries: 2,
      itemCount: 2,
      items: { json: '[1,2]' },
    });
    expect(kept.find(({ key }) => key === 'way')).toMatchObject({ status: 'running', case: 'case0' });
    expect(shown({ rows: kept })).toEqual({
      each: 'running',
      way: 'running',
      p: 'succeeded reused',
      'each~1/each[0]/x': 'succeeded reused',
      'each~1/each[0]/y': 'failed reused',
      'each~2/each[0]/x': 'succeeded reused',
    });
  });

  test('a failure that was caught stays caught, with all that happened in its group', () => {
    const plan = aPlan(`
  - {id: a, http: {method: GET, url: 'https://x.example'}, repeatable: false, catch: [{steps: [{id: h, set: {}}]}]}
  - id: g
    parallel: {l: [{id: l1, set: {}}, {id: l2, set: {}}], r: [{id: r1, set: {}}]}
    catch: [{steps: [{id: m, set: {}}]}]
  - {id: z, set: {}}`);
    const rows = [
      failed('a', { handler: 0 }),
      aRow('h'),
      aRow('l1'),
      failed('l2'),
      aRow('r1', { status: 'cancelled' }),
      failed('g', { handler: 0 }),
      aRow('m'),
      failed('z'),
    ];
    const plannedRerun = rerun(plan, rows, 'failed');
    expect(shown(plannedRerun)).toEqual({
      a: 'failed reused handler 0',
      h: 'succeeded reused',
      l1: 'succeeded reused',
      l2: 'failed reused',
      g: 'failed reused handler 0',
      m: 'succeeded reused',
    });
    expect(plannedRerun.repeats).toEqual([]);
    // The handler itself failed: it goes on there.
    expect(shown(rerun(plan, [failed('a', { handler: 0 }), failed('h')], 'failed'))).toEqual({ a: 'failed reused handler 0' });
    // From a step in the group: the group is walked again and its handler waits for another failure.
    expect(shown(rerun(plan, rows, 'l2'))).toEqual({
      a: 'failed reused handler 0',
      h: 'succeeded reused',
      l1: 'succeeded reused',
      g: 'running',
    });
    // From a step of the handler: the failure stands.
    expect(shown(rerun(plan, rows, 'm'))).toMatchObject({
      g: 'failed reused handler 0',
      l2: 'failed reused',
      a: 'failed reused handler 0',
    });
    expect(shown(rerun(plan, rows, 'm'))).not.toHaveProperty('m');
  });

  test('a run that was started and did not end well is gone on from; one that was caught is not', () => {
    const plan = aPlan(`
  - {id: c, run: {workflow: other}, catch: [{steps: [{id: h, set: {}}]}]}
  - {id: d, run: {workflow: other}}`);
    const rows = [failed('c', { child: 'C', handler: 0 }), aRow('h'), failed('d', { child: 'D' })];
    const { rows: kept } = rerun(plan, rows, 'failed');
    expect(kept).toContainEqual({ key: 'd', id: 'd', scope: '', status: 'pending', failures: 0, resumes: 'D' });
    expect(shown({ rows: kept })).toEqual({ c: 'failed reused handler 0', h: 'succeeded reused', d: 'pending' });
    expect(shown(rerun(plan, rows, 'd'))).not.toHaveProperty('d');
  });
});

describe('what is asked about', () => {
  test('steps that are new, gone, of another kind or in another place', () => {
    const before = aPlan(`
  - {id: gone, set: {}}
  - {id: kind, set: {}}
  - {id: moved, set: {}}
  - {id: same, set: {}}
  - {id: last, set: {}}`);
    const after = aPlan(`
  - {id: fresh, set: {}}
  - {id: kind, wait: 1s}
  - {id: g, parallel: {x: [{id: moved, set: {}}]}}
  - {id: same, set: {}}
  - {id: last, set: {}}
  - {id: later, set: {}}`);
    const rows = ['gone', 'kind', 'moved', 'same'].map((key) => aRow(key));
    const { changes, rows: kept } = rerun(before, [...rows, failed('last')], 'failed', { target: after });
    expect(changes.map(({ step, change }) => `${change} ${step}`).sort()).toEqual([
      'gone gone',
      'kind kind',
      'moved moved',
      'new fresh',
      'new g',
    ]);
    expect(shown({ rows: kept })).toEqual({ same: 'succeeded reused' });
  });

  test('a new step in a group that is taken over, and what stands in a group that has become another', () => {
    const before = aPlan(`
  - {id: g, parallel: {x: [{id: a, set: {}}]}}
  - {id: last, set: {}}`);
    const inside = aPlan(`
  - {id: g, parallel: {x: [{id: a, set: {}}, {id: b, set: {}}]}}
  - {id: last, set: {}}`);
    const other = aPlan(`
  - {id: g, switch: [{when: '\${ true }', steps: [{id: a, set: {}}]}]}
  - {id: last, set: {}}`);
    const rows = [aRow('a'), aRow('g'), failed('last')];
    expect(rerun(before, rows, 'failed', { target: inside }).changes).toMatchObject([
      { step: 'b', change: 'new', message: expect.stringContaining('not executed') },
    ]);
    expect(rerun(before, rows, 'failed', { target: other }).rows).toEqual([]);
    expect(rerun(before, rows, 'failed', { target: other }).changes.map(({ step }) => step)).toContain('g');
  });

  test('steps that have read what is changed and are taken over', () => {
    const plan = aPlan(`
  - {id: a, set: {x: '\${ $input.n }'}}
  - {id: b, if: '\${ $input.other }', set: {}}
  - {id: c, set: {all: '\${ $input }'}}
  - {id: d, set: {x: '\${ $input.n }'}}`);
    const rows = [...['a', 'b', 'c'].map((key) => aRow(key)), failed('d')];
    const { changes } = rerun(plan, rows, 'failed', { changedInputs: ['n'] });
    expect(changes.map(({ step, change }) => `${change} ${step}`)).toEqual(['inputs a', 'inputs c']);
    expect(rerun(plan, rows, 'a', { changedInputs: ['n'] }).changes).toEqual([]);
  });

  test('steps that say repeatable: false and would be executed once more', () => {
    const plan = aPlan(`
  - {id: a, repeatable: false, set: {}}
  - {id: b, repeatable: false, set: {}}
  - {id: c, repeatable: false, set: {}}`);
    const rows = [aRow('a', { startedAt: at }), failed('b')];
    expect(rerun(plan, rows, 'failed').repeats).toEqual(['b']);
    expect(rerun(plan, rows, 'start').repeats).toEqual(['a', 'b']);
    expect(rerun(plan, rows, 'c').repeats).toEqual(['b']);
  });
});

describe('the inputs that a step reads', () => {
  const readBy = (step: string) => [...inputsReadBy(stepOf(aPlan(step), 'a').step)].sort();
  test('are named, or all', () => {
    expect(readBy("  - {id: a, set: {x: 'n: ${ $input.n }', y: ['${ $input.`m` + 1 }']}}")).toEqual(['m', 'n']);
    expect(readBy('  - {id: a, set: {x: \'${ $lookup($input, "n") }\'}}')).toEqual(['*']);
    expect(readBy("  - {id: a, if: '${ $input.c }', set: {}, output: '${ $input.o }'}")).toEqual(['c', 'o']);
    expect(readBy('  - {id: a, set: {x: 1}}')).toEqual([]);
  });
  test('those of steps inside it are their own', () => {
    expect(
      readBy("  - {id: a, forEach: {in: '${ $input.list }', as: n, steps: [{id: b, set: {x: '${ $input.inner }'}}]}}"),
    ).toEqual(['list']);
    expect(readBy("  - {id: a, switch: [{when: '${ $input.w }', steps: [{id: b, set: {x: '${ $input.inner }'}}]}]}")).toEqual([
      'w',
    ]);
    expect(readBy("  - {id: a, parallel: {x: [{id: b, set: {x: '${ $input.inner }'}}]}}")).toEqual([]);
  });
});

describe('properties of any workflow and any point', () => {
  type Tree = { kind: 'set' | 'parallel' | 'forEach' | 'catch'; needs: number[]; inner: Tree[][] };
  const tree = (depth: number): fc.Arbitrary<Tree[]> =>
    fc.array(
      fc.record({
        kind: fc.constantFrom('set' as const, 'set' as const, 'parallel' as const, 'forEach' as const, 'catch' as const),
        needs: fc.array(fc.nat(3), { maxLength: 2 }),
        inner: depth === 0 ? fc.constant([]) : fc.array(tree(depth - 1), { minLength: 1, maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 4 },
    );

  function planOf(list: Tree[]): Plan {
    let n = 0;
    const steps = (trees: Tree[], depth: number): object[] => {
      const ids = trees.map((_, place) => `s${n + place + 1}`);
      n += trees.length;
      return trees.map(({ kind, needs, inner }, place) => {
        const before = [...new Set(needs.map((need) => ids[need % (place + 1)]).filter((id) => id !== ids[place]))];
        const base = { id: ids[place], ...(needs.length > 0 && { needs: before }) };
        const [first = []] = inner;
        if (depth === 0 || kind === 'set' || first.length === 0) return { ...base, set: {} };
        if (kind === 'parallel')
          return { ...base, parallel: Object.fromEntries(inner.map((branch, b) => [`b${b}`, steps(branch, depth - 1)])) };
        if (kind === 'forEach')
          return { ...base, forEach: { in: '${ [1, 2] }', as: `i${ids[place]}`, steps: steps(first, depth - 1) } };
        return { ...base, set: {}, catch: [{ steps: steps(first, depth - 1) }] };
      });
    };
    return aPlan(
      steps(list, 2)
        .map((step) => `  - ${JSON.stringify(step)}`)
        .join('\n'),
    );
  }

  const keysOf = (planned: PlannedStep): string[] =>
    planned.scopes
      .reduce<string[]>((scopes, { id }) => scopes.flatMap((scope) => [`${scope}${id}[0]/`, `${scope}${id}[1]/`]), [''])
      .map((scope) => scope + planned.id);

  const states = ['succeeded', 'succeeded', 'succeeded', 'failed', 'cancelled', 'skipped', 'running'] as const;
  const situation = fc.tuple(tree(2), fc.nat(), fc.infiniteStream(fc.constantFrom(...states))).map(([list, pick, stream]) => {
    const plan = planOf(list);
    const rows = [...plan.steps.values()]
      .flatMap(keysOf)
      .map((key) => aRow(key, { status: stream.next().value, reason: 'condition', startedAt: at, endedAt: at }));
    const ids = [...plan.steps.keys()];
    return { plan, rows, from: ids[pick % ids.length] ?? '' };
  });

  test('what is taken over is never the chosen step nor after it; what has passed and is not is taken over', () => {
    let takenOver = 0;
    fc.assert(
      fc.property(situation, ({ plan, rows, from }) => {
        const chosen = stepOf(plan, from);
        const again = againFrom(plan, chosen);
        const { rows: kept } = rerun(plan, rows, from);
        takenOver += kept.length;
        expect(kept.filter(({ id }) => again.has(id))).toEqual([]);
        expect(again.has(from)).toBe(true);
        for (const id of successorsOf(plan, chosen)) expect(again.has(id)).toBe(true);
        for (const ancestor of ancestorsOf(chosen))
          for (const id of successorsOf(plan, ancestor)) expect(again.has(id)).toBe(true);

        const around = new Set(ancestorsOf(chosen).map(({ id }) => id));
        const due = rows.filter((row) => isPassed(row) && !again.has(row.id) && !around.has(row.id)).map(({ key }) => key);
        expect(
          kept
            .filter(({ reused }) => reused !== undefined)
            .map(({ key }) => key)
            .sort(),
        ).toEqual(expect.arrayContaining(due.sort()));
        expect(new Set(kept.map(({ key }) => key)).size).toBe(kept.length);
        // What goes on inside a group that had ended finds it open.
        for (const row of kept) for (const group of ancestorsOf(stepOf(plan, row.id))) expect(again.has(group.id)).toBe(false);
      }),
      { numRuns: 300 },
    );
    expect(takenOver).toBeGreaterThan(100);
  });

  test('from the failure, all that has passed is taken over, and nothing is repeated that was', () => {
    let takenOver = 0;
    fc.assert(
      fc.property(situation, ({ plan, rows }) => {
        const { rows: kept, changes } = rerun(plan, rows, 'failed');
        takenOver += kept.length;
        expect(changes).toEqual([]);
        expect(
          kept
            .filter(isPassed)
            .map(({ key }) => key)
            .sort(),
        ).toEqual(
          rows
            .filter(isPassed)
            .map(({ key }) => key)
            .sort(),
        );
      }),
      { numRuns: 200 },
    );
    expect(takenOver).toBeGreaterThan(100);
  });
});
