import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aStep, saidOf } from './documents.ts';

type Raw = { id: string; needs?: string[] | undefined; forEach?: { steps: Raw[] }; parallel?: Record<string, Raw[]> };

const reads = (id: string, read: string, more = {}) => ({ id, set: { v: `\${ $steps.${read} }` }, ...more });
const parallel = (id: string, ...branches: unknown[][]) => ({
  id,
  parallel: Object.fromEntries(branches.map((steps, n) => [`b${n}`, steps])),
});

describe('advice on a step that has not surely ended', () => {
  test.each([
    [
      'in needs of what holds the reader',
      [aStep('a'), { ...parallel('p', [reads('b', 'a')]), needs: [] }],
      'write needs: [a] on "p"',
    ],
    [
      'beside what is needed already',
      [aStep('z'), aStep('a', { needs: [] }), reads('b', 'a', { needs: ['z'] })],
      'write needs: [z, a] on "b"',
    ],
    ['of a holder, in needs', [parallel('p', [aStep('a')]), reads('b', 'a', { needs: [] })], 'write needs: [p] on "b"'],
    [
      'and of order',
      [reads('b', 'a', { needs: [] }), aStep('a')],
      '"a" comes after "b"; put it right above, and write needs: [a] on "b"',
    ],
    ['that nothing can follow', [reads('b', 'a'), aStep('a', { needs: ['b'] })], '"a" needs "b" and so comes after it'],
    [
      'of another case',
      [{ id: 's', switch: [{ when: true, steps: [aStep('a')] }, { otherwise: [reads('b', 'a')] }] }],
      'only one case of "s" runs',
    ],
    [
      'of another handler',
      [aStep('f', { catch: [{ on: ['Timeout'], steps: [aStep('a')] }, { steps: [reads('b', 'a')] }] })],
      'only one handler of "f" runs',
    ],
  ])('%s', (_, steps, advice) => {
    expect(saidOf(...steps)).toEqual([`steps.b.set.v: step "a" has not surely ended here: ${advice}`]);
  });

  test('can be followed, whatever the document, and then nothing is wrong', () => {
    fc.assert(
      fc.property(documents, ([steps, reader, read]) => {
        const all = idsIn(steps);
        const document = withRead(steps, all[reader % all.length] ?? '', all[read % all.length] ?? '');
        let told = saidOf(...document);
        for (let round = 0; round < 6 && told.length > 0; round += 1) {
          if (told.some((message) => FINAL.test(message))) return;
          follow(document, told[0] ?? '');
          told = saidOf(...document);
        }
        expect(told).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

/** What no order of steps can mend. */
const FINAL = /its own output|only steps in there|not ended here, inside it|and so comes after it|run side by side/;

/** A list of steps, some with others in them, and the places of one that reads and one that is read. */
const documents = fc
  .tuple(
    fc.array(
      fc.record({
        kind: fc.constantFrom('set', 'set', 'forEach', 'parallel'),
        needs: fc.option(fc.array(fc.nat(5), { maxLength: 2 })),
      }),
      { minLength: 2, maxLength: 5 },
    ),
    fc.nat(20),
    fc.nat(20),
  )
  .map(([kinds, reader, read]): [Raw[], number, number] => [
    kinds.map(({ kind, needs }, place) => ({
      id: `s${place}`,
      ...(needs && { needs: [...new Set(needs)].filter((other) => other < place).map((other) => `s${other}`) }),
      ...bodyOf(kind, place),
    })),
    reader,
    read,
  ]);

function bodyOf(kind: string, place: number): object {
  const inner = (name: string) => aStep(`s${place}${name}`);
  if (kind === 'forEach') return { forEach: { in: [1], as: 'item', steps: [inner('a'), inner('b')] } };
  return kind === 'parallel' ? { parallel: { one: [inner('a'), inner('b')], two: [inner('c')] } } : { set: {} };
}

const listsIn = (steps: Raw[]): Raw[][] => [
  steps,
  ...steps.flatMap(({ forEach, parallel: branches }) => [...(forEach ? [forEach.steps] : []), ...Object.values(branches ?? {})]),
];
const idsIn = (steps: Raw[]) => listsIn(steps).flatMap((list) => list.map(({ id }) => id));
const stepIn = (steps: Raw[], id: string) =>
  listsIn(steps)
    .flat()
    .find((step) => step.id === id);

function withRead(steps: Raw[], reader: string, read: string): Raw[] {
  Object.assign(stepIn(steps, reader) ?? {}, { if: `\${ $present($steps.${read}) }` });
  return steps;
}

/** Does what a message says. */
function follow(steps: Raw[], message: string): void {
  const [, instead] = /use the output of "(\w+)" instead/.exec(message) ?? [];
  const [, moved, below] = /: "(\w+)"[^:]* comes after "(\w+)"; put it right above/.exec(message) ?? [];
  const [, needs, on] = /write needs: \[([^\]]*)\] on "(\w+)"/.exec(message) ?? [];
  const [, reader = ''] = /^steps\.(\w+)\.if: /.exec(message) ?? [];
  if (instead !== undefined) withRead(steps, reader, instead);
  if (on !== undefined) Object.assign(stepIn(steps, on) ?? {}, { needs: needs?.split(', ') });
  const list = listsIn(steps).find((one) => one.some(({ id }) => id === moved)) ?? [];
  const step = list.find(({ id }) => id === moved);
  if (!step) return;
  list.splice(list.indexOf(step), 1);
  list.splice(
    list.findIndex(({ id }) => id === below),
    0,
    step,
  );
}
