import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseKey } from '../../../shared/run/model/scope.ts';
import type { StepState } from '../../../shared/run/model/step-state.ts';
import { againFrom, ancestorsOf, successorsOf } from '../../../shared/run/rerun/again.ts';
import { inputsReadBy } from '../../../shared/run/rerun/input-readers.ts';
import { planRerun, type RerunOf, type RerunPlan } from '../../../shared/run/rerun/plan-rerun.ts';
import { type Plan, type PlannedStep, plannedIn as stepOf } from '../../../shared/workflow/plan.ts';
import { aPlan } from '../../harness/builders.ts';

const at = '2026-11-23T08:00:00.000Z';

/** A step that has succeeded, unless told otherwise. */
const aStep = (key: string, more: Partial<StepState> = {}): StepState => ({
  key,
  ...parseKey(key),
  status: 'succeeded',
  failures: 0,
  ...more,
});
const failed = (key: string, more: Partial<StepState> = {}) =>
  aStep(key, { status: 'failed', failures: 1, error: { name: 'Bad', message: 'no' }, endedAt: at, startedAt: at, ...more });
const isPassed = ({ status, reason }: StepState) => status === 'succeeded' || (status === 'skipped' && reason === 'condition');

/** `steps`: of the run that is run again, in the order in which they have ended. */
function rerun(plan: Plan, steps: StepState[], from: string, more: Partial<RerunOf> = {}) {
  const numbered = steps.map((step, place): [string, StepState] => [step.key, { ...step, endedNumber: place + 1 }]);
  return planRerun({
    origin: { id: 'origin', plan, steps: new Map(numbered) },
    target: plan,
    from: from === 'start' || from === 'failed' ? from : stepOf(more.target ?? plan, from),
    changedInputs: [],
    ...more,
  });
}
const shown = ({ taken }: Pick<RerunPlan, 'taken'>) =>
  Object.fromEntries(
    taken.map(({ kind, step: { key, status, handler } }) => [
      key,
      kind === 'ended' ? `${status}${handler === undefined ? '' : ` handler ${handler}`}` : kind,
    ]),
  );

const ABC = aPlan(`
  - {id: a, set: {}}
  - {id: b, set: {}}
  - {id: c, set: {}}`);

describe('from the start', () => {
  test('nothing is taken over', () => expect(rerun(ABC, [aStep('a'), failed('b')], 'start').taken).toEqual([]));
});

describe('from the failure', () => {
  test('what has passed is taken over, in the order in which it ended', () => {
    const { taken } = rerun(ABC, [aStep('b'), aStep('a'), failed('c')], 'failed');
    expect(taken.map(({ kind, step }) => `${kind} ${step.key}`)).toEqual(['ended b', 'ended a']);
  });

  test('what was skipped by its condition stays skipped; what was cancelled or blocked is executed', () => {
    const rows = [
      aStep('a', { status: 'skipped', reason: 'condition' }),
      aStep('b', { status: 'cancelled' }),
      aStep('c', { status: 'skipped', reason: 'blocked' }),
    ];
    expect(shown(rerun(ABC, rows, 'failed'))).toEqual({ a: 'skipped' });
  });

  test('groups go on with their items, their case and their try', () => {
    const plan = aPlan(`
  - id: each
    retry: {attempts: 3}
    forEach: {in: '\${ [1, 2] }', as: n, steps: [{id: x, set: {}}, {id: y, set: {}}]}
  - id: way
    switch: [{when: '\${ true }', steps: [{id: p, set: {}}, {id: q, set: {}}]}]`);
    const rows = [
      failed('each', { tries: 2, itemCount: 2 }),
      aStep('each~1/each[0]/x'),
      failed('each~1/each[0]/y'),
      aStep('each~2/each[0]/x'),
      failed('each~2/each[1]/x'),
      aStep('way', { status: 'cancelled', case: 'case0' }),
      aStep('p'),
    ];
    const { taken } = rerun(plan, rows, 'failed');
    expect(taken.find(({ step }) => step.key === 'each')?.step).toMatchObject({ tries: 2, itemCount: 2 });
    expect(taken.find(({ step }) => step.key === 'way')?.step).toMatchObject({ case: 'case0' });
    expect(shown({ taken })).toEqual({
      each: 'open',
      way: 'open',
      p: 'succeeded',
      'each~1/each[0]/x': 'succeeded',
      'each~1/each[0]/y': 'failed',
      'each~2/each[0]/x': 'succeeded',
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
      aStep('h'),
      aStep('l1'),
      failed('l2'),
      aStep('r1', { status: 'cancelled' }),
      failed('g', { handler: 0 }),
      aStep('m'),
      failed('z'),
    ];
    const plannedRerun = rerun(plan, rows, 'failed');
    expect(shown(plannedRerun)).toEqual({
      a: 'failed handler 0',
      h: 'succeeded',
      l1: 'succeeded',
      l2: 'failed',
      g: 'failed handler 0',
      m: 'succeeded',
    });
    expect(plannedRerun.repeats).toEqual([]);
    // The handler itself failed: it goes on there.
    expect(shown(rerun(plan, [failed('a', { handler: 0 }), failed('h')], 'failed'))).toEqual({ a: 'failed handler 0' });
    // From a step in the group: the group is run again and its handler waits for another failure.
    expect(shown(rerun(plan, rows, 'l2'))).toEqual({
      a: 'failed handler 0',
      h: 'succeeded',
      l1: 'succeeded',
      g: 'open',
    });
    // From a step of the handler: the failure stands.
    expect(shown(rerun(plan, rows, 'm'))).toMatchObject({
      g: 'failed handler 0',
      l2: 'failed',
      a: 'failed handler 0',
    });
    expect(shown(rerun(plan, rows, 'm'))).not.toHaveProperty('m');
  });

  test('a run that was started and did not end well is gone on from; one that was caught is not', () => {
    const plan = aPlan(`
  - {id: c, run: {workflow: other}, catch: [{steps: [{id: h, set: {}}]}]}
  - {id: d, run: {workflow: other}}`);
    const rows = [failed('c', { child: 'C', handler: 0 }), aStep('h'), failed('d', { child: 'D' })];
    const { taken } = rerun(plan, rows, 'failed');
    expect(taken.find(({ kind }) => kind === 'resumes')?.step).toMatchObject({ key: 'd', child: 'D' });
    expect(shown({ taken })).toEqual({ c: 'failed handler 0', h: 'succeeded', d: 'resumes' });
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
    const rows = ['gone', 'kind', 'moved', 'same'].map((key) => aStep(key));
    const { changes, taken } = rerun(before, [...rows, failed('last')], 'failed', { target: after });
    expect(changes.map(({ step, change }) => `${change} ${step}`).sort()).toEqual([
      'gone gone',
      'kind kind',
      'moved moved',
      'new fresh',
      'new g',
    ]);
    expect(shown({ taken })).toEqual({ same: 'succeeded' });
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
    const rows = [aStep('a'), aStep('g'), failed('last')];
    expect(rerun(before, rows, 'failed', { target: inside }).changes).toMatchObject([
      { step: 'b', change: 'new', message: expect.stringContaining('not executed') },
    ]);
    expect(rerun(before, rows, 'failed', { target: other }).taken).toEqual([]);
    expect(rerun(before, rows, 'failed', { target: other }).changes.map(({ step }) => step)).toContain('g');
  });

  test('steps that have read what is changed and are taken over', () => {
    const plan = aPlan(`
  - {id: a, set: {x: '\${ $input.n }'}}
  - {id: b, if: '\${ $input.other }', set: {}}
  - {id: c, set: {all: '\${ $input }'}}
  - {id: d, set: {x: '\${ $input.n }'}}`);
    const rows = [...['a', 'b', 'c'].map((key) => aStep(key)), failed('d')];
    const { changes } = rerun(plan, rows, 'failed', { changedInputs: ['n'] });
    expect(changes.map(({ step, change }) => `${change} ${step}`)).toEqual(['inputs a', 'inputs c']);
    expect(rerun(plan, rows, 'a', { changedInputs: ['n'] }).changes).toEqual([]);
  });

  test('steps that say repeatable: false and would be executed once more', () => {
    const plan = aPlan(`
  - {id: a, repeatable: false, set: {}}
  - {id: b, repeatable: false, set: {}}
  - {id: c, repeatable: false, set: {}}`);
    const rows = [aStep('a', { startedAt: at }), failed('b')];
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
      .map((key) => aStep(key, { status: stream.next().value, reason: 'condition', startedAt: at, endedAt: at }));
    const ids = [...plan.steps.keys()];
    return { plan, rows, from: ids[pick % ids.length] ?? '' };
  });

  test('what is taken over is never the chosen step nor after it; what has passed and is not is taken over', () => {
    fc.assert(
      fc.property(situation, ({ plan, rows, from }) => {
        const chosen = stepOf(plan, from);
        const again = againFrom(plan, chosen);
        const { taken } = rerun(plan, rows, from);
        const kept = taken.map(({ step }) => step);
        expect(kept.filter(({ id }) => again.has(id))).toEqual([]);
        expect(again.has(from)).toBe(true);
        for (const id of successorsOf(plan, chosen)) expect(again.has(id)).toBe(true);
        for (const ancestor of ancestorsOf(chosen))
          for (const id of successorsOf(plan, ancestor)) expect(again.has(id)).toBe(true);

        const around = new Set(ancestorsOf(chosen).map(({ id }) => id));
        const due = rows.filter((row) => isPassed(row) && !again.has(row.id) && !around.has(row.id)).map(({ key }) => key);
        expect(
          taken
            .filter(({ kind }) => kind === 'ended')
            .map(({ step }) => step.key)
            .sort(),
        ).toEqual(expect.arrayContaining(due.sort()));
        expect(new Set(kept.map(({ key }) => key)).size).toBe(kept.length);
        // What goes on inside a group that had ended finds it open.
        for (const row of kept) for (const group of ancestorsOf(stepOf(plan, row.id))) expect(again.has(group.id)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test('from the failure, all that has passed is taken over, and nothing is repeated that was', () => {
    fc.assert(
      fc.property(situation, ({ plan, rows }) => {
        const { taken, changes } = rerun(plan, rows, 'failed');
        expect(changes).toEqual([]);
        expect(
          taken
            .filter(({ step }) => isPassed(step))
            .map(({ step }) => step.key)
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
  });
});
