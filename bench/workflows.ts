/** A workflow to measure, and how many calls to the stub one run of it makes. */
export interface Measured {
  definition: object;
  calls: number;
}

const input = {
  type: 'object',
  properties: { stub: { type: 'string' }, n: { type: 'integer' } },
  required: ['stub', 'n'],
};
const url = (step: string) => `\${ $input.stub }/${step}/\${ $input.n }`;

/** Three http steps one after another; the third uses what both before it gave. */
export const W3: Measured = {
  calls: 3,
  definition: {
    format: 1,
    name: 'bench-w3',
    input,
    steps: [
      { id: 'first', http: { method: 'GET', url: url('first') }, output: '${ body }' },
      { id: 'second', http: { method: 'POST', url: url('second'), body: { customer: '${ $steps.first.customer }' } } },
      {
        id: 'third',
        http: {
          method: 'POST',
          url: url('third'),
          body: { customer: '${ $steps.first.customer }', total: '${ $steps.second.body.total * 2 }' },
        },
      },
    ],
    output: { total: '${ $steps.third.body.total }' },
  },
};

const BRANCHES = Array.from({ length: 10 }, (_, n) => `call${n}`);

/** Ten http steps at once and one that joins what they gave. */
export const WPAR: Measured = {
  calls: BRANCHES.length,
  definition: {
    format: 1,
    name: 'bench-wpar',
    input,
    steps: [
      ...BRANCHES.map((id) => ({ id, needs: [], http: { method: 'GET', url: url(id) }, output: '${ body.total }' })),
      { id: 'join', needs: BRANCHES, set: { sum: `\${ ${BRANCHES.map((id) => `$steps.${id}`).join(' + ')} }` } },
    ],
    output: { sum: '${ $steps.join.sum }' },
  },
};
