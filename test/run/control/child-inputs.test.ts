import { expect, test } from 'vitest';
import { setting } from '../setting.ts';
import { operatorOf } from './operator.ts';

const at = setting();
const operator = operatorOf(() => at.api);

test('a step whose inputs do not fit the workflow it starts fails as InputInvalid, and starts nothing', async () => {
  const name = `callee-${process.pid}`;
  await at.api.publish({
    name,
    input: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } },
    steps: [{ id: 'only', set: {} }],
  });
  const child = { id: 'child', run: { workflow: name, input: { n: '${ "seven" }' } } };
  const mend = { id: 'mend', set: { why: '${ $error.name }', message: '${ $error.message }' } };
  const caught = { ...child, id: 'caught', catch: [{ on: ['InputInvalid'], steps: [mend] }] };
  const run = await at.api.start(await at.api.publish({ steps: [caught, child], output: {} }));
  expect(await operator.ended(run.id)).toMatchObject({
    status: 'failed',
    error: { name: 'InputInvalid', message: expect.stringContaining('n must be a whole number, not'), step: 'child' },
  });
  const steps = await at.api.context(run.id);
  expect(steps['mend']).toMatchObject({
    output: { why: 'InputInvalid', message: expect.stringContaining('n must be a whole number, not') },
  });
  expect(steps['child']).toMatchObject({ child: null });
});
