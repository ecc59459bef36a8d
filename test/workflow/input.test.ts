import { describe, expect, test } from 'vitest';
import { checkDocument } from '../../shared/workflow/check.ts';
import { checkInputs } from '../../shared/workflow/check-inputs.ts';
import { aDocument, aStep } from './documents.ts';

function check(input: unknown, inputs: unknown) {
  const checked = checkDocument(aDocument({ ...(input !== undefined && { input }), steps: [aStep('a')] }));
  if (!checked.ok) throw new Error('the schema is refused');
  return checkInputs(checked.document, inputs);
}

const order = {
  type: 'object',
  required: ['id'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', format: 'uuid' },
    lines: { type: 'array', items: { type: 'object', properties: { 'sku/no': { type: 'string' } } } },
    speed: { enum: ['slow', 'fast'], default: 'slow' },
  },
};

describe('inputs', () => {
  test('without a schema are taken as they are', async () => {
    expect(await check(undefined, { any: 'thing' })).toEqual({ inputs: { any: 'thing' }, problems: [] });
  });

  test('that fit come back with their defaults, and are not touched', async () => {
    const inputs = { id: '0b9d6e58-0e4f-4a5c-9d0e-5f3f3f0e8a11' };
    expect(await check(order, inputs)).toEqual({ inputs: { ...inputs, speed: 'slow' }, problems: [] });
    expect(inputs).toEqual({ id: '0b9d6e58-0e4f-4a5c-9d0e-5f3f3f0e8a11' });
  });

  test('that do not fit are told every problem with its path', async () => {
    expect((await check(order, { id: 'x', lines: [{}, { 'sku/no': 5 }], speed: 'warp', more: 1 })).problems).toEqual([
      { path: '', message: 'must NOT have additional properties: more' },
      { path: '.id', message: 'must match format "uuid"' },
      { path: '.lines[1].sku/no', message: 'must be string' },
      { path: '.speed', message: 'must be equal to one of the allowed values: "slow", "fast"' },
    ]);
    expect((await check(order, {})).problems).toEqual([{ path: '', message: "must have required property 'id'" }]);
  });

  test('cannot hang on a pattern', async () => {
    expect((await check({ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(50)}!`)).problems).toHaveLength(1);
  });

  test('cannot hang on a schema that refers to itself, or that compares every item with every other', async () => {
    expect((await check({ $ref: '#' }, {})).problems).toEqual([
      { path: '', message: expect.stringContaining('refers to itself') },
    ]);
    const items = Array.from({ length: 30_000 }, (_, index) => ({ index }));
    expect((await check({ type: 'array', uniqueItems: true }, items)).problems).toEqual([
      { path: '', message: expect.stringContaining('within 2 s') },
    ]);
  });

  test('of a schema that refers to one part a thousand times are checked without writing the part out a thousand times', async () => {
    const part = { properties: Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`k${n}`, { minLength: 1 }])) };
    const schema = { $defs: { part }, allOf: Array(1_000).fill({ $ref: '#/$defs/part' }) };
    expect((await check(schema, { k7: 'x' })).problems).toEqual([]);
  });

  test('with a mistake in every item are told the first of them', async () => {
    expect((await check({ type: 'array', items: { type: 'string' } }, Array(100_000).fill(1))).problems).toHaveLength(200);
  });

  test('of two documents with one $id do not meet', async () => {
    expect((await check({ $id: 'https://x.example/a', type: 'string' }, 'x')).problems).toEqual([]);
    expect((await check({ $id: 'https://x.example/a', type: 'number' }, 5)).problems).toEqual([]);
  });
});
