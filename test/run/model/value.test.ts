import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VALUE_LIMIT_BYTES } from '../../../shared/kernel/limits.ts';
import { jsonTextOf, ValueTooLarge } from '../../../shared/run/model/value.ts';

function nested(depth: number): unknown {
  let value: unknown = '[[{"';
  for (let level = 0; level < depth; level += 1) value = level % 2 ? [value] : { 'a"[': value };
  return value;
}

test('a value is its JSON text, and nothing is null', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(jsonTextOf('x', value)).toEqual({ json: JSON.stringify(value), bytes: Buffer.byteLength(JSON.stringify(value)) });
    }),
  );
  expect(jsonTextOf('x', undefined).json).toBe('null');
});

test('a value may nest 500 levels and no more, and brackets in texts are no levels', () => {
  expect(jsonTextOf('x', nested(500)).bytes).toBeGreaterThan(1000);
  for (const depth of [501, 5_000, 200_000]) expect(() => jsonTextOf('x', nested(depth))).toThrow(ValueTooLarge);
  expect(jsonTextOf('x', '[{'.repeat(5_000)).bytes).toBe(10_002);
});

test('a value may have 5 MiB as text and no more', () => {
  expect(jsonTextOf('x', 'a'.repeat(VALUE_LIMIT_BYTES - 2)).bytes).toBe(VALUE_LIMIT_BYTES);
  expect(() => jsonTextOf('x', 'a'.repeat(VALUE_LIMIT_BYTES - 1))).toThrow(/5 MiB/);
});
