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
      { path: '.more', message: 'is not known; known are id, lines, speed' },
      { path: '.id', message: 'must be a text in the format uuid such as 0b9d6e58-0e4f-4a5c-9d0e-5f3f3f0e8a11, not "x"' },
      { path: '.lines[1].sku/no', message: 'must be a text such as "5", not 5' },
      { path: '.speed', message: 'must be one of "slow", "fast", not "warp"' },
    ]);
    expect((await check(order, {})).problems).toEqual([
      { path: '.id', message: 'is missing; it is a text in the format uuid such as 0b9d6e58-0e4f-4a5c-9d0e-5f3f3f0e8a11' },
    ]);
  });

  test.each([
    [{ type: 'integer' }, '7', 'must be a whole number such as 7, not "7"'],
    [{ type: 'string', examples: ['PO-7'] }, 7, 'must be a text such as "PO-7", not 7'],
    [{ type: ['string', 'null'] }, [], 'must be a text or null, not an empty list'],
    [{ enum: ['a', 'b'] }, 'c', 'must be one of "a", "b", not "c"'],
    [{ const: 1 }, 2, 'must be 1, not 2'],
    [{ minimum: 5 }, 3, 'must be 5 or more, not 3'],
    [{ exclusiveMaximum: 5 }, 5, 'must be less than 5, not 5'],
    [{ multipleOf: 5 }, 3, 'must be a multiple of 5, not 3'],
    [{ format: 'date' }, 'tomorrow', 'must be a text in the format date such as 2030-01-31, not "tomorrow"'],
    [{ pattern: '^PO-' }, '7', 'must match the pattern ^PO-, not "7"'],
    [{ minLength: 3 }, 'ab', 'must have 3 characters or more, not "ab"'],
    [
      { anyOf: [{ type: 'string' }, { type: 'integer' }] },
      true,
      'must be in one of the forms that the schema allows (a text; a whole number), not true',
    ],
    [{ if: { type: 'number' }, else: { enum: ['a'] } }, 'b', 'must be one of "a", not "b"'],
    [{ uniqueItems: true }, [1, 2, 1], 'must have no entry twice, such as those at 0 and 2, not a list'],
    [false, 1, 'must not be there, not 1'],
  ])('under %j are told what they are and what would be right', async (property, value, message) => {
    const { problems } = await check({ type: 'object', properties: { field: property } }, { field: value });
    expect(problems).toEqual([{ path: '.field', message }]);
  });

  test('under a misspelt name hear the right one', async () => {
    expect((await check(order, { id: '0b9d6e58-0e4f-4a5c-9d0e-5f3f3f0e8a11', sped: 'fast' })).problems).toEqual([
      { path: '.sped', message: 'is not known, did you mean "speed"?' },
    ]);
  });

  test('that are secret are not quoted, whatever is wrong with them', async () => {
    const properties = {
      pin: { type: 'integer', secret: true },
      keys: { secret: true, additionalProperties: { maxLength: 3 } },
      plain: { type: 'integer' },
    };
    const { problems } = await check({ type: 'object', properties }, { pin: 'hunter2', keys: { erp: 'hunter3' }, plain: 'x' });
    expect(problems).toEqual([
      { path: '.pin', message: 'must be a whole number' },
      { path: '.keys.erp', message: 'must have 3 characters or less' },
      { path: '.plain', message: 'must be a whole number, not "x"' },
    ]);
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
