import { describe, expect, test } from 'vitest';
import { cutFields, cutValue, thatFit } from '../../../../shared/run/shown/cut-value.ts';

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('a value', () => {
  test('within the limit is shown as it is', () => {
    expect(cutValue({ a: 1 }, 7, '/whole')).toEqual({ a: 1 });
    expect(cutValue(undefined, 4, '/whole')).toBeNull();
  });

  test('above it is its size, its beginning and where the whole is', () => {
    expect(cutValue({ a: 1 }, 6, '/whole')).toEqual({ truncated: true, bytes: 7, start: '{"a":1', whole: '/whole' });
  });

  test('is measured in bytes and cut between characters', () => {
    expect(cutValue('\u{1f680}\u{1f680}', 9, null)).toEqual({
      truncated: true,
      bytes: 10,
      start: '"\u{1f680}\u{1f680}"',
      whole: null,
    });
    expect(cutValue('\u{1f680}'.repeat(3000), 4096, null)).toMatchObject({
      start: expect.not.stringMatching(/[\ud800-\udbff]$/u),
    });
  });
});

describe('fields', () => {
  test('that fit together are shown as they are', () => {
    const fields = { a: 'x'.repeat(80), b: 1 };
    expect(cutFields(fields, 100, '/whole')).toBe(fields);
  });

  test('lose the large ones, so that the small ones can be read', () => {
    const cut = cutFields({ order: 'PO-7', document: 'x'.repeat(100_000), lines: 3 }, 50_000, '/whole');
    expect(cut).toMatchObject({ order: 'PO-7', lines: 3, document: { truncated: true, bytes: 100_002, whole: '/whole' } });
  });

  test.each<[string, Record<string, unknown>]>([
    ['of which none is large', Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`field${n}`, 'x'.repeat(20)]))],
    ['whose name is large', { ['k'.repeat(100_000)]: 1 }],
    ['of which all are large', Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`f${n}`, 'x'.repeat(10_000)]))],
  ])('%s are cut together, and fit', (_, fields) => {
    const cut = cutFields(fields, 50_000, '/whole');
    expect(bytesOf(cut)).toBeLessThanOrEqual(50_000);
  });
});

test('a page has as many items as fit, one at least', () => {
  expect(thatFit(['aaaa', 'bbbb', 'cccc'], 12)).toEqual(['aaaa', 'bbbb']);
  expect(thatFit(['aaaa', 'b'], 1)).toEqual(['aaaa']);
  expect(thatFit(['a', 'b'], 100)).toEqual(['a', 'b']);
  expect(thatFit([], 1)).toEqual([]);
});
