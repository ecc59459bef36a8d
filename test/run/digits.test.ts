import { expect, test } from 'vitest';
import { parseJson } from '../../shared/kernel/json.ts';
import { setting } from './setting.ts';

const at = setting();
const ID = '8202522731445525542';
const id = parseJson(ID);

test('an id of 19 digits goes through a run as it came: from inputs and answers into URLs, queries, bodies and outputs', async () => {
  const url = at.stub.on('/orders', { body: { id } });
  const run = await at.api.through(
    {
      input: { type: 'object', properties: { id: { type: 'integer' } } },
      reference: 'order ${ $input.id }',
      steps: [
        { id: 'read', http: { method: 'GET', url }, output: '${ body.id }' },
        {
          id: 'write',
          http: {
            method: 'POST',
            url: `${url}/\${ $steps.read }`,
            query: { of: '${ $input.id }' },
            body: { id: '${ $steps.read }' },
          },
        },
      ],
      output: { id: '${ $steps.read }', same: '${ $steps.read = $input.id }' },
    },
    { id },
  );
  expect(run).toMatchObject({ status: 'succeeded', reference: `order ${ID}`, inputs: { id }, outputs: { id, same: true } });
  expect(at.stub.to(`/orders/${ID}`)).toMatchObject([{ query: { of: ID }, body: { id } }]);
  expect((await at.api.step(run.id, 'read'))?.output).toEqual(id);
  expect(await at.api.expect(200, 'GET', `/v2/runs/${run.id}`)).toMatchObject({
    outputs: [
      { name: 'id', value: id },
      { name: 'same', value: 'true' },
    ],
  });
});

test('a step that calculates with it fails, and says with what', async () => {
  const run = await at.api.through({ steps: [{ id: 'a', set: { next: '${ $input.id + 1 }' } }] }, { id });
  expect(run).toMatchObject({
    status: 'failed',
    error: { name: 'ExpressionError', message: expect.stringMatching(new RegExp(`^steps\\.a\\.set\\.next: .*${ID}`)) },
  });
});
