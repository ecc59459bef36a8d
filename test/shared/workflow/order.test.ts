import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../../../shared/workflow/compile.ts';
import { type Order, orderOf } from '../../../shared/workflow/order.ts';
import { addedWaits } from '../../../shared/workflow/order-of-list.ts';
import { aStep, planOfSteps, saidOf } from './documents.ts';
import { walk } from './walker.ts';

type Needs = Record<string, string[]>;

const order = (needs: Needs) => orderOf(Object.keys(needs), new Map(Object.entries(needs)));
const words = (tree: Order): string =>
  tree.kind === 'step' ? tree.id : `(${tree.parts.map(words).join(tree.kind === 'series' ? ' then ' : ' beside ')})`;

describe('an order', () => {
  test.each<[string, Needs, string]>([
    ['one step', { a: [] }, 'a'],
    ['a chain', { a: [], b: ['a'], c: ['b'] }, '(a then b then c)'],
    ['no needs', { a: [], b: [], c: [] }, '(a beside b beside c)'],
    ['a diamond', { a: [], b: ['a'], c: ['a'], d: ['b', 'c'] }, '(a then (b beside c) then d)'],
    ['two chains that meet', { a: [], b: ['a'], c: [], d: ['b', 'c'] }, '(((a then b) beside c) then d)'],
    ['a needless arrow', { a: [], b: ['a'], c: ['a', 'b'] }, '(a then b then c)'],
    ['all of one for all of another', { a: [], b: [], c: ['a', 'b'], d: ['a', 'b'] }, '((a beside b) then (c beside d))'],
  ])('of %s is exact', (_, needs, expected) => {
    const { tree, warnings } = order(needs);
    expect([words(tree), warnings]).toEqual([expected, []]);
  });

  test('in the shape of an N adds one wait and names it', () => {
    const { tree, warnings } = order({ a: [], b: [], c: ['a', 'b'], d: ['b'] });
    expect(words(tree)).toBe('((a beside b) then (c beside d))');
    expect(warnings).toEqual([{ step: 'd', alsoWaitsFor: 'a' }]);
  });

  test('in the shape of an N is told to the author, where the step stands', () => {
    const said = saidOf(
      aStep('a', { needs: [] }),
      aStep('b', { needs: [] }),
      aStep('c', { needs: ['a', 'b'] }),
      aStep('d', { needs: ['b'] }),
    );
    expect(said).toEqual(["steps.d.needs: 'd' will also wait for 'a'"]);
  });

  test('of 500 steps is found, whatever its shape', () => {
    const ids = Array.from({ length: 500 }, (_, index) => `s${index}`);
    const fence = new Map(
      ids.map((id, index) => [id, index % 2 === 0 ? [] : ids.slice(index - 1, index + 2).filter((other) => other !== id)]),
    );
    const ladder = new Map(ids.map((id, index) => [id, ids.slice(Math.max(0, index - 3), Math.max(0, index - 1))]));
    for (const needs of [fence, ladder]) expect(idsIn(orderOf(ids, needs).tree).toSorted()).toEqual(ids.toSorted());
  });
});

/** Needs among up to 14 steps: each may need any before it. */
const anyNeeds = fc
  .integer({ min: 2, max: 14 })
  .chain((size) =>
    fc.tuple(
      ...Array.from({ length: size }, (_, index) => fc.subarray(Array.from({ length: index }, (__, other) => `s${other}`))),
    ),
  )
  .map((lists): Needs => Object.fromEntries(lists.map((list, index) => [`s${index}`, list])));

type Shape = { kind: 'step' } | { kind: 'series' | 'parallel'; parts: Shape[] };

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant<Shape>({ kind: 'step' }),
    fc.record({
      kind: fc.constantFrom('series' as const, 'parallel' as const),
      parts: fc.array(tie('shape'), { minLength: 2, maxLength: 3 }),
    }),
  ),
}));

describe('for any needs', () => {
  test('every need is kept, and what waits besides follows from the warnings', () => {
    fc.assert(
      fc.property(anyNeeds, (needs) => {
        const plan = planOfSteps(...Object.entries(needs).map(([id, own]) => aStep(id, { needs: own })));
        const before = orderInMachine(compile(plan, { workerArn: 'arn:aws:lambda:eu-west-1:1:function:w:live' }).machine);
        const waits = addedWaits(plan);
        const told = Object.fromEntries(Object.entries(needs).map(([id, own]) => [id, [...own, ...(waits.get(id) ?? [])]]));
        expect(before).toEqual(closure(told));
      }),
      { numRuns: 200 },
    );
  });

  test('a series-parallel order gets no wait that nobody asked for', () => {
    fc.assert(
      fc.property(shape, (tree) => {
        const needs: Needs = {};
        needsOfShape(tree, [], needs);
        expect(order(needs).warnings).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('a machine that runs keeps every need', async () => {
    await fc.assert(
      fc.asyncProperty(anyNeeds, async (needs) => {
        const { edges } = await walk(planOfSteps(...Object.entries(needs).map(([id, own]) => aStep(id, { needs: own }))));
        for (const [id, own] of Object.entries(needs)) {
          for (const need of own) expect(edges.indexOf(`-${need}`)).toBeLessThan(edges.indexOf(`+${id}`));
        }
      }),
      { numRuns: 20 },
    );
  });
});

function idsIn(tree: Order): string[] {
  return tree.kind === 'step' ? [tree.id] : tree.parts.flatMap(idsIn);
}

/** Writes the needs of a shape; answers the steps that end it. */
function needsOfShape(tree: Shape, after: string[], needs: Needs): string[] {
  if (tree.kind === 'parallel') return tree.parts.flatMap((part) => needsOfShape(part, after, needs));
  if (tree.kind === 'series') return tree.parts.reduce((ends, part) => needsOfShape(part, ends, needs), after);
  const id = `s${Object.keys(needs).length}`;
  needs[id] = after;
  return [id];
}

/** Every pair of steps of which one comes before the other: `a<b`. */
function closure(needs: Needs): string[] {
  const before = (id: string): string[] => (needs[id] ?? []).flatMap((need) => [need, ...before(need)]);
  return [...new Set(Object.keys(needs).flatMap((id) => before(id).map((earlier) => `${earlier}<${id}`)))].toSorted();
}

interface Chain {
  StartAt: string;
  States: Record<string, Record<string, unknown>>;
}

function isChain(value: unknown): value is Chain {
  return typeof value === 'object' && value !== null && 'StartAt' in value;
}

/** The same pairs as a state machine of leaves says them. */
function orderInMachine(machine: Chain): string[] {
  const pairs: string[] = [];
  const visit = ({ StartAt, States }: Chain): string[] => {
    const passed: string[] = [];
    for (let name: unknown = StartAt; typeof name === 'string' && !name.startsWith('run.'); name = States[name]?.['Next']) {
      const branches = States[name]?.['Branches'];
      const here = Array.isArray(branches) ? branches.filter(isChain).flatMap(visit) : [name];
      pairs.push(...passed.flatMap((earlier) => here.map((later) => `${earlier}<${later}`)));
      passed.push(...here);
    }
    return passed;
  };
  visit(machine);
  return pairs.toSorted();
}
