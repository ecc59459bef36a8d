import fc from 'fast-check';

/** A step of a random workflow. `concurrent` bodies hold nothing that could fail, since what else ran by then would be a matter of luck. */
export type Program = Body & {
  id: string;
  /** The value of `if`. */
  holds?: boolean | undefined;
  handler?: { on: string | undefined; steps: Program[] } | undefined;
};
type Body =
  | { kind: 'set'; value: number }
  /** Fails so many times before it answers, and may be executed so many times. */
  | { kind: 'http'; fails: number; attempts: number }
  | { kind: 'raise'; error: string }
  | { kind: 'switch'; takes: number; cases: Program[][] }
  | { kind: 'parallel'; branches: Program[][]; tries: number }
  | { kind: 'forEach'; items: number; concurrency: number; steps: Program[] };

const ERRORS = ['Red', 'Blue'];
const MOST_STEPS = 4;

/** Lists of steps, with ids of their own. */
export const programs: fc.Arbitrary<Program[]> = list(3, false).map((steps) => numbered(steps));

function list(depth: number, safe: boolean): fc.Arbitrary<Program[]> {
  return fc.array(step(depth, safe), { minLength: 1, maxLength: depth === 0 ? 2 : MOST_STEPS });
}

function step(depth: number, safe: boolean): fc.Arbitrary<Program> {
  const leaves: fc.WeightedArbitrary<Body>[] = [
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('set'), value: fc.nat(9) }) },
    { weight: 4, arbitrary: fc.constant({ kind: 'http', fails: 0, attempts: 1 }) },
  ];
  const failing: fc.WeightedArbitrary<Body>[] = [
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('raise'), error: fc.constantFrom(...ERRORS) }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Body>(
        { kind: 'http', fails: 9, attempts: 1 },
        { kind: 'http', fails: 1, attempts: 2 },
        { kind: 'http', fails: 9, attempts: 2 },
      ),
    },
  ];
  const groups = (): fc.WeightedArbitrary<Body>[] => [
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('switch'),
        takes: fc.nat(2),
        cases: fc.tuple(list(depth - 1, safe), list(depth - 1, safe)),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('parallel'),
        branches: fc.array(list(depth - 1, true), { minLength: 2, maxLength: 3 }),
        tries: fc.constant(1),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('forEach'),
        items: fc.constantFrom(0, 2, 3),
        concurrency: fc.constantFrom(2, 10),
        steps: list(depth - 1, true),
      }),
    },
    ...(safe
      ? []
      : [
          {
            weight: 2,
            arbitrary: fc.record({
              kind: fc.constant('parallel' as const),
              branches: fc.tuple(list(depth - 1, false)),
              tries: fc.constantFrom(1, 1, 2),
            }),
          },
          {
            weight: 2,
            arbitrary: fc.record({
              kind: fc.constant('forEach' as const),
              items: fc.constantFrom(2, 3),
              concurrency: fc.constant(1),
              steps: list(depth - 1, false),
            }),
          },
        ]),
  ];
  const bodies = [...leaves, ...(safe ? [] : failing), ...(depth > 0 ? groups() : [])];
  const handler =
    depth > 0 && !safe
      ? fc.option(fc.record({ on: fc.constantFrom(undefined, ...ERRORS), steps: list(depth - 1, false) }), {
          nil: undefined,
          freq: 3,
        })
      : fc.constant(undefined);
  const holds = fc.option(fc.boolean(), { nil: undefined, freq: 4 });
  return fc
    .tuple(fc.oneof(...bodies), holds, handler)
    .map(([body, condition, caught]) => ({ ...body, id: '', holds: condition, handler: caught }));
}

/** The lists inside a step, by the names that the format gives them. */
export function listsOf(step: Program): [string, Program[]][] {
  const handler: [string, Program[]][] = step.handler ? [['catch0', step.handler.steps]] : [];
  if (step.kind === 'switch') return [...step.cases.map((steps, n): [string, Program[]] => [`case${n}`, steps]), ...handler];
  if (step.kind === 'parallel') return [...step.branches.map((steps, n): [string, Program[]] => [`b${n}`, steps]), ...handler];
  return step.kind === 'forEach' ? [['steps', step.steps], ...handler] : handler;
}

function numbered(steps: Program[]): Program[] {
  let next = 0;
  const visit = (step: Program): Program => {
    next += 1;
    const id = `s${next}`;
    const inside = (list: Program[]) => list.map(visit);
    const body =
      step.kind === 'switch'
        ? { ...step, cases: step.cases.map(inside) }
        : step.kind === 'parallel'
          ? { ...step, branches: step.branches.map(inside) }
          : step.kind === 'forEach'
            ? { ...step, steps: inside(step.steps) }
            : step;
    return { ...body, id, handler: step.handler && { ...step.handler, steps: inside(step.handler.steps) } };
  };
  return steps.map(visit);
}

/** The same in the format of documents; http steps call the stub under the id of the run and their own. */
export function documentOf(steps: Program[], url: string) {
  return { steps: listIn(steps, url), output: { last: `\${ $steps.${steps.at(-1)?.id} }` } };
}

function listIn(steps: Program[], url: string): object[] {
  return steps.map((step, place) => ({
    id: step.id,
    ...(step.holds !== undefined && { if: `\${ ${step.holds} }` }),
    ...bodyIn(step, url, steps[place - 1]?.id),
    ...(step.handler && {
      catch: [{ ...(step.handler.on !== undefined && { on: [step.handler.on] }), steps: listIn(step.handler.steps, url) }],
    }),
  }));
}

function bodyIn(step: Program, url: string, before: string | undefined): object {
  switch (step.kind) {
    case 'set':
      return { set: { v: step.value, before: before === undefined ? null : `\${ $steps.${before} }` } };
    case 'http':
      return {
        http: { method: 'POST', url, query: { run: '${ $run.id }', id: step.id, fails: String(step.fails) } },
        output: '${ body.id }',
        ...(step.attempts > 1 && { retry: { attempts: step.attempts, delay: '1s' } }),
      };
    case 'raise':
      return { raise: { error: step.error, message: step.id } };
    case 'switch':
      return { switch: step.cases.map((inside, n) => ({ when: `\${ ${step.takes} = ${n} }`, steps: listIn(inside, url) })) };
    case 'parallel':
      return {
        parallel: Object.fromEntries(step.branches.map((inside, n) => [`b${n}`, listIn(inside, url)])),
        ...(step.tries > 1 && { retry: { attempts: step.tries, delay: '1s' } }),
      };
    case 'forEach':
      return {
        forEach: {
          in: `\${ $filter([1, 2, 3], function($n) { $n <= ${step.items} }) }`,
          as: `i${step.id}`,
          concurrency: step.concurrency,
          steps: listIn(step.steps, url),
        },
      };
  }
}
