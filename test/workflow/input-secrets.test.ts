import { describe, expect, test } from 'vitest';
import { hasSecrets, maskedInputs, secretsOf } from '../../shared/expression/input-secrets.ts';
import { numberFrom } from '../../shared/kernel/json.ts';

const secret = { type: 'string', secret: true };

describe('a value is a secret where the schema says so', () => {
  test.each<[string, object, unknown, unknown, string[]]>([
    ['as a property', { properties: { a: secret, b: {} } }, { a: 's3cret', b: 1 }, { a: '***', b: 1 }, ['s3cret']],
    [
      'deep in objects and lists',
      { properties: { l: { items: { properties: { k: secret } } } } },
      { l: [{ k: 'one' }, { k: 'two', n: 2 }] },
      { l: [{ k: '***' }, { k: '***', n: 2 }] },
      ['one', 'two'],
    ],
    ['as a whole object', { properties: { a: { secret: true } } }, { a: { x: ['p', 7] } }, { a: '***' }, ['p', '7']],
    ['as the whole input', { secret: true }, { a: 'x' }, '***', ['x']],
    [
      'by reference, round and round',
      { $ref: '#/$defs/node', $defs: { node: { properties: { key: secret, next: { $ref: '#/$defs/node' } } } } },
      { key: 'a', next: { key: 'b', next: { n: 1 } } },
      { key: '***', next: { key: '***', next: { n: 1 } } },
      ['a', 'b'],
    ],
    ['by reference to itself', { $ref: '#', properties: { a: secret } }, { a: 'x' }, { a: '***' }, ['x']],
    [
      'in one of several schemas',
      {
        allOf: [{ anyOf: [{ properties: { a: secret } }, { properties: { b: secret } }] }],
        if: {},
        else: { properties: { c: secret } },
      },
      { a: '1', b: '2', c: '3', d: '4' },
      { a: '***', b: '***', c: '***', d: '4' },
      ['1', '2', '3'],
    ],
    [
      'by the pattern of its name, or for want of another schema',
      { properties: { open: {} }, patternProperties: { '^x-': {}, _key$: secret }, additionalProperties: secret },
      { open: 'a', 'x-y': 'b', my_key: 'c', other: 'd' },
      { open: 'a', 'x-y': 'b', my_key: '***', other: '***' },
      ['c', 'd'],
    ],
    ['by its place in a list', { prefixItems: [{}, secret], items: {} }, ['a', 'b', 'c'], ['a', '***', 'c'], ['b']],
    ['as a number', { properties: { pin: { type: 'integer', secret: true } } }, { pin: 4711 }, { pin: '***' }, ['4711']],
    [
      'as a number that no double holds, and others like it stay as they are',
      { properties: { a: secret, n: {} } },
      { a: numberFrom('12345678901234567890'), n: numberFrom('9007199254740993') },
      { a: '***', n: numberFrom('9007199254740993') },
      ['12345678901234567890'],
    ],
    ['not when there is none', { properties: { a: secret, b: secret } }, { a: null }, { a: null }, []],
    ['not when it says false', { properties: { a: { secret: false } } }, { a: 'x' }, { a: 'x' }, []],
  ])('%s', (_, schema, inputs, masked, secrets) => {
    expect(maskedInputs(schema, inputs)).toEqual(masked);
    expect(secretsOf(schema, inputs)).toEqual(secrets);
  });
});

test('references that multiply each other are followed once', () => {
  const levels = Array.from({ length: 60 }, (_, n): [string, object] => [
    `l${n}`,
    { allOf: [{ $ref: `#/$defs/l${n + 1}` }, { $ref: `#/$defs/l${n + 1}` }] },
  ]);
  const schema = { $ref: '#/$defs/l0', $defs: { ...Object.fromEntries(levels), l60: { properties: { a: secret } } } };
  expect(secretsOf(schema, { a: 'x', b: 'y' })).toEqual(['x']);
});

test('a schema without secrets costs nothing', () => {
  expect(hasSecrets({ properties: { secret: { type: 'string' } } })).toBe(false);
  expect(hasSecrets(true)).toBe(false);
  expect(hasSecrets(undefined)).toBe(false);
});
