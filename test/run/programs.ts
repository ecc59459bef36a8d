import fc from 'fast-check';

/**
 * A step of a random workflow. Where steps run side by side nothing fails but what its own handler takes, since what else ran by then would be a matter of
 * luck.
 */
export type Program = Body & {
  id: string;
  /** Places in the list of the steps that it needs; undefined for the one before it. */
  needs?: number[] | undefined;
  /** The value of `if`. */
  holds?: boolean | undefined;
  handler?: { on: string | undefined; steps: Program[] } | undefined;
};
type Body =
  | { kind: 'set'; value: number }
  /** Fails so many times before it answers, and may be executed so many times. */
  | { kind: 'http'; fails: number; attempts: number }
  | { kind: 'raise'; error: string }
  | { kind: 'wait'; seconds: number }
  | { kind: 'switch'; takes: number; cases: Program[][] }
  | { kind: 'parallel'; branches: Program[][]; tries: number }
  | { kind: 'forEach'; items: number; concurrency: number; steps: Program[] }
  /** Goes on for so many rounds, of which there may be fewer. */
  | { kind: 'repeat'; rounds: number; max: number; steps: Program[] };

const ERRORS = ['Red', 'Blue'];
const MOST_STEPS = 4;

/** Fails however often it is called. */
const ALWAYS = 99;

class Maker {
  readonly #waits: boolean;

  constructor(waits: boolean) {
    this.#waits = waits;
  }

  /** `safe`: nothing in it fails the list, so that its steps may stand in any order. */
  list(depth: number, safe: boolean): fc.Arbitrary<Program[]> {
    const steps = fc.array(this.#step(depth, safe), { minLength: 1, maxLength: depth === 0 ? 2 : MOST_STEPS });
    if (!safe) return steps;
    const graph = fc.array(fc.array(fc.nat(MOST_STEPS), { maxLength: 3 }), { minLength: MOST_STEPS, maxLength: MOST_STEPS });
    return fc.tuple(steps, fc.option(graph, { nil: undefined })).map(([all, needs]) =>
      needs === undefined
        ? all
        : all.map((step, place) => ({
            ...step,
            needs: [...new Set(needs[place])].filter((other) => other < place),
          })),
    );
  }

  #step(depth: number, safe: boolean): fc.Arbitrary<Program> {
    const plain = this.#withHandler(
      fc.oneof(...this.#harmless(), ...(safe ? [] : this.#failing(depth)), ...this.#groups(depth, safe)),
      depth,
      safe,
    );
    if (!safe || depth === 0) return plain;
    // What fails here is taken by a handler that takes everything and does not fail.
    const taken = fc
      .tuple(fc.oneof(...this.#failing(depth)), this.list(depth - 1, true))
      .map(([body, steps]): Program => ({ ...body, id: '', handler: { on: undefined, steps } }));
    return fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: taken });
  }

  #withHandler(body: fc.Arbitrary<Body>, depth: number, safe: boolean): fc.Arbitrary<Program> {
    const handler =
      depth > 0 && !safe
        ? fc.option(fc.record({ on: fc.constantFrom(undefined, ...ERRORS), steps: this.list(depth - 1, false) }), {
            nil: undefined,
            freq: 3,
          })
        : fc.constant(undefined);
    const holds = fc.option(fc.boolean(), { nil: undefined, freq: 4 });
    return fc
      .tuple(body, holds, handler)
      .map(([made, condition, caught]) => ({ ...made, id: '', holds: condition, handler: caught }));
  }

  #harmless(): fc.WeightedArbitrary<Body>[] {
    return [
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('set'), value: fc.nat(9) }) },
      { weight: 4, arbitrary: fc.constant({ kind: 'http', fails: 0, attempts: 1 }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'http', fails: 1, attempts: 2 }) },
      ...(this.#waits
        ? [
            {
              weight: 1,
              arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(1, 2, 30, 400, 90_000) }),
            },
          ]
        : []),
    ];
  }

  /** A step that fails, or a group whose steps go one after another and may. */
  #failing(depth: number): fc.WeightedArbitrary<Body>[] {
    const leaves: fc.WeightedArbitrary<Body>[] = [
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('raise'), error: fc.constantFrom(...ERRORS) }) },
      {
        weight: 2,
        arbitrary: fc.constantFrom<Body>(
          { kind: 'http', fails: ALWAYS, attempts: 1 },
          { kind: 'http', fails: ALWAYS, attempts: 2 },
        ),
      },
    ];
    if (depth === 0) return leaves;
    return [
      ...leaves,
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('parallel' as const),
          branches: fc.tuple(this.list(depth - 1, false)),
          tries: fc.constantFrom(1, 1, 2),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('forEach' as const),
          items: fc.constantFrom(2, 3),
          concurrency: fc.constant(1),
          steps: this.list(depth - 1, false),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('repeat' as const),
          rounds: fc.constantFrom(1, 2, 3),
          max: fc.constantFrom(1, 2, 3),
          steps: this.list(depth - 1, false),
        }),
      },
    ];
  }

  #groups(depth: number, safe: boolean): fc.WeightedArbitrary<Body>[] {
    if (depth === 0) return [];
    return [
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('switch'),
          takes: fc.nat(2),
          cases: fc.tuple(this.list(depth - 1, safe), this.list(depth - 1, safe)),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('parallel'),
          branches: fc.array(this.list(depth - 1, true), { minLength: 2, maxLength: 3 }),
          tries: fc.constant(1),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('forEach'),
          items: fc.constantFrom(0, 2, 3),
          concurrency: fc.constantFrom(2, 10),
          steps: this.list(depth - 1, true),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('repeat'),
          rounds: fc.constantFrom(1, 2, 3),
          max: fc.constant(3),
          steps: this.list(depth - 1, true),
        }),
      },
    ];
  }
}

/** Lists of steps, with ids of their own; waits only where time passes by itself. */
export const programsWith = ({ waits }: { waits: boolean }): fc.Arbitrary<Program[]> => {
  const made = new Maker(waits);
  return fc.oneof({ weight: 2, arbitrary: made.list(3, false) }, { weight: 1, arbitrary: made.list(3, true) }).map(numbered);
};

export const programs = programsWith({ waits: false });

/** The lists inside a step, by the names that the format gives them. */
export function listsOf(step: Program): [string, Program[]][] {
  const handler: [string, Program[]][] = step.handler ? [['catch0', step.handler.steps]] : [];
  if (step.kind === 'switch') return [...step.cases.map((steps, n): [string, Program[]] => [`case${n}`, steps]), ...handler];
  if (step.kind === 'parallel') return [...step.branches.map((steps, n): [string, Program[]] => [`b${n}`, steps]), ...handler];
  return step.kind === 'forEach' || step.kind === 'repeat' ? [['steps', step.steps], ...handler] : handler;
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
          : step.kind === 'forEach' || step.kind === 'repeat'
            ? { ...step, steps: inside(step.steps) }
            : step;
    return { ...body, id, handler: step.handler && { ...step.handler, steps: inside(step.handler.steps) } };
  };
  return steps.map(visit);
}

/** The step whose output a step reads: the first that it needs. */
export function readBy(steps: Program[], place: number): Program | undefined {
  const needs = steps[place]?.needs;
  if (needs === undefined) return steps[place - 1];
  const [first] = needs;
  return first === undefined ? undefined : steps[first];
}

/** The step of a group that failed of which a handler asks whether it has ended: the first in it. */
export function finishedIn({ ...failed }: Program): Program | undefined {
  if (failed.kind === 'parallel') return failed.branches[0]?.[0];
  return failed.kind === 'switch' ? failed.cases[0]?.[0] : undefined;
}

/** What a list may read of what is around it. */
interface Around {
  /** It stands in a `repeat`. */
  repeats: boolean;
  /** The step whose failure it takes. */
  failed?: Program;
}

/** The same in the format of documents; http steps call the stub under the id of the run and their own. */
export function documentOf(steps: Program[], url: string) {
  return { steps: listIn(steps, url, { repeats: false }), output: { last: `\${ $steps.${steps.at(-1)?.id} }` } };
}

function listIn(steps: Program[], url: string, around: Around): object[] {
  const { repeats } = around;
  return steps.map((step, place) => ({
    id: step.id,
    ...(step.needs && { needs: step.needs.map((other) => steps[other]?.id) }),
    ...(step.holds !== undefined && { if: `\${ ${step.holds} }` }),
    ...bodyIn(step, url, around, readBy(steps, place)?.id),
    ...(step.handler && {
      catch: [
        {
          ...(step.handler.on !== undefined && { on: [step.handler.on] }),
          steps: listIn(step.handler.steps, url, { repeats, failed: step }),
        },
      ],
    }),
  }));
}

function bodyIn(step: Program, url: string, { repeats, failed }: Around, before: string | undefined): object {
  const inside = (steps: Program[], more: Partial<Around> = {}) => listIn(steps, url, { repeats, ...more });
  const finished = failed && finishedIn(failed);
  switch (step.kind) {
    case 'set':
      return {
        set: {
          v: step.value,
          before: before === undefined ? null : `\${ $steps.${before} }`,
          ...(repeats && { at: '${ $index }', last: '${ $type($last) = "object" ? $last.at : $type($last) }' }),
          ...(finished && { finished: `\${ $type($steps.${finished.id}) }` }),
        },
      };
    case 'http':
      return {
        http: { method: 'POST', url, query: { run: '${ $run.id }', id: step.id, fails: String(step.fails) } },
        output: '${ body.id }',
        ...(step.attempts > 1 && { retry: { attempts: step.attempts, delay: '1s' } }),
      };
    case 'wait':
      return { wait: `${step.seconds}s` };
    case 'raise':
      return { raise: { error: step.error, message: step.id } };
    case 'switch':
      return { switch: step.cases.map((steps, n) => ({ when: `\${ ${step.takes} = ${n} }`, steps: inside(steps) })) };
    case 'parallel':
      return {
        parallel: Object.fromEntries(step.branches.map((steps, n) => [`b${n}`, inside(steps)])),
        ...(step.tries > 1 && { retry: { attempts: step.tries, delay: '1s' } }),
      };
    case 'forEach':
      return {
        forEach: {
          in: `\${ $filter([1, 2, 3], function($n) { $n <= ${step.items} }) }`,
          as: `i${step.id}`,
          concurrency: step.concurrency,
          steps: inside(step.steps),
        },
      };
    case 'repeat':
      return {
        repeat: {
          until: `\${ $index = ${step.rounds - 1} }`,
          max: step.max,
          steps: inside(step.steps, { repeats: true }),
        },
      };
  }
}
