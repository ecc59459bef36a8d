import fc from 'fast-check';

/** A step of a small workflow. `breaks` fails in the first run of a chain and passes in the next. */
export type Node =
  | { kind: 'http'; ms: number }
  | { kind: 'breaks' }
  | { kind: 'wait' }
  | { kind: 'set' }
  | { kind: 'parallel'; branches: number[] }
  | { kind: 'forEach'; items: number }
  | { kind: 'run'; calls: number };

export type Act = { verb: 'pause' | 'resume' | 'stop' | 'drain'; afterMs: number };

/** A workflow and what is done to its run, in order. */
export interface Case {
  nodes: Node[];
  acts: Act[];
}

const node: fc.Arbitrary<Node> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('http' as const), ms: fc.constantFrom(0, 300) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'breaks' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'wait' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'set' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('parallel' as const),
      branches: fc.array(fc.constantFrom(1, 2), { minLength: 2, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forEach' as const), items: fc.constantFrom(2, 3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('run' as const), calls: fc.constantFrom(1, 2) }) },
);
const verb = fc.constantFrom<Act['verb'][]>('pause', 'pause', 'pause', 'resume', 'resume', 'stop', 'drain');

export const cases: fc.Arbitrary<Case> = fc.record({
  nodes: fc.array(node, { minLength: 2, maxLength: 5 }),
  acts: fc.array(fc.record({ verb, afterMs: fc.integer({ min: 0, max: 700 }) }), { maxLength: 4 }),
});

const call = (url: string, id: string, key: string, run: string, more: object = {}) => ({
  id,
  http: { method: 'POST', url, query: { run, key, ...more }, body: {} },
});

/** Names of the workflows that `run` nodes start: one that calls once, one that calls twice. */
export const calleeName = (calls: number) => `model-child-${calls}`;
export const calleeSteps = (url: string, calls: number) =>
  Array.from({ length: calls }, (_, n) => call(url, `c${n}`, `\${ $input.key & "/c${n}" }`, '${ $input.run }'));

export const stepsOf = (nodes: Node[], url: string): object[] => nodes.map((one, n) => stepOf(one, n, url));

function stepOf(one: Node, n: number, url: string): object {
  const id = `s${n}`;
  const own = '${ $run.id }';
  switch (one.kind) {
    case 'http':
      return call(url, id, id, own, { ms: String(one.ms) });
    case 'breaks':
      return call(url, id, id, own, { breaks: 'yes' });
    case 'wait':
      return { id, wait: '1s' };
    case 'set':
      return { id, set: { n } };
    case 'parallel':
      return {
        id,
        parallel: Object.fromEntries(
          one.branches.map((length, b) => [
            `b${b}`,
            Array.from({ length }, (_, k) => call(url, `${id}b${b}k${k}`, `${id}b${b}k${k}`, own)),
          ]),
        ),
      };
    case 'forEach':
      return {
        id,
        forEach: {
          in: `\${ [1..${one.items}] }`,
          as: 'n',
          concurrency: 2,
          steps: [call(url, `${id}i`, `\${ "${id}[" & $string($index) & "]/${id}i" }`, own, { ms: '100' })],
        },
      };
    case 'run':
      return { id, run: { workflow: calleeName(one.calls), input: { run: own, key: id } } };
  }
}

/** Keys of the calls that a whole run makes, in the order of the document. */
export const callsOf = (nodes: Node[]): string[] => nodes.flatMap(callsOfOne);

function callsOfOne(one: Node, n: number): string[] {
  const id = `s${n}`;
  switch (one.kind) {
    case 'http':
    case 'breaks':
      return [id];
    case 'wait':
    case 'set':
      return [];
    case 'parallel':
      return one.branches.flatMap((length, b) => Array.from({ length }, (_, k) => `${id}b${b}k${k}`));
    case 'forEach':
      return Array.from({ length: one.items }, (_, k) => `${id}[${k}]/${id}i`);
    case 'run':
      return Array.from({ length: one.calls }, (_, k) => `${id}/c${k}`);
  }
}

/** How a run ends that nobody stops. */
export function endOf(nodes: Node[]): { status: string; step: string | null } {
  const at = nodes.findIndex(({ kind }) => kind === 'breaks');
  return at === -1 ? { status: 'succeeded', step: null } : { status: 'failed', step: `s${at}` };
}

/** What the model allows a verb to be answered with, given what was asked before. The run may have ended meanwhile: 409 tells its state. */
export function answersTo(verb: Act['verb'], stopping: boolean): number[] {
  if (verb === 'pause' || verb === 'resume') return stopping ? [409] : [200, 409];
  return [202, 409];
}
