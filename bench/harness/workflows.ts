/** A workflow to measure, and how many answers of the stub one run of it gets. */
export interface Measured {
  definition: { name: string } & Record<string, unknown>;
  calls: number;
}

const input = {
  type: 'object',
  properties: { stub: { type: 'string' }, n: { type: 'integer' } },
  required: ['stub', 'n'],
};
const url = (step: string) => `\${ $input.stub }/${step}/\${ $input.n }`;

interface Three {
  name: string;
  /** How the stub should take the second call: as any, or slowly. */
  second?: 'second' | 'slow';
  third?: 'third' | 'missing';
  /** Steps between the second and the third. */
  between?: object[];
}

/** Three http steps one after another; the third uses what both before it gave. */
function threeSteps({ name, second = 'second', third = 'third', between = [] }: Three): Measured {
  return {
    calls: 3,
    definition: {
      format: 1,
      name,
      input,
      steps: [
        { id: 'first', http: { method: 'GET', url: url('first') }, output: '${ body }' },
        { id: 'second', http: { method: 'POST', url: url(second), body: { customer: '${ $steps.first.customer }' } } },
        ...between,
        {
          id: 'third',
          http: {
            method: 'POST',
            url: url(third),
            body: { customer: '${ $steps.first.customer }', total: '${ $steps.second.body.total * 2 }' },
          },
        },
      ],
      output: { total: '${ $steps.third.body.total }' },
    },
  };
}

export const W3 = threeSteps({ name: 'bench-w3' });
export const SLOW = threeSteps({ name: 'bench-slow', second: 'slow' });
export const FAILING = threeSteps({ name: 'bench-failing', third: 'missing' });
/** Longer than a driver sleeps through. */
export const PAUSING = threeSteps({ name: 'bench-pausing', between: [{ id: 'pause', wait: '3s' }] });
export const SHORT_WAIT = threeSteps({ name: 'bench-short-wait', between: [{ id: 'pause', wait: '10s' }] });
export const LONG_WAIT = threeSteps({ name: 'bench-long-wait', between: [{ id: 'pause', wait: '10m' }] });

/** A person is asked between its second and its third call. */
export const APPROVAL = threeSteps({
  name: 'bench-approval',
  between: [{ id: 'ask', approval: { assignees: ['ops@example.com'], title: 'Go on?' } }],
});

/** One step, which starts a run of W3 and waits for it. */
export const PARENT: Measured = {
  calls: 3,
  definition: {
    format: 1,
    name: 'bench-parent',
    input,
    steps: [{ id: 'child', run: { workflow: W3.definition.name, input: { stub: '${ $input.stub }', n: '${ $input.n }' } } }],
    output: { total: '${ $steps.child.total }' },
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
