import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../shared/kernel/json.ts';
import { type Difference, differencesOf, segmentsOf } from '../../shared/suite/difference.ts';

const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
/** Two values that are alike in most places. */
const pair = fc.oneof(
  fc.tuple(json, json),
  fc.tuple(fc.array(json), fc.array(json), fc.array(json)).map(([head, one, other]) => [
    { list: [...head, ...one], name: 'x' },
    { list: [...head, ...other], name: 'x' },
  ]),
  fc
    .tuple(fc.dictionary(fc.string(), json), fc.dictionary(fc.string(), json), fc.dictionary(fc.string(), json))
    .map(([common, one, other]) => [
      { ...common, ...one },
      { ...common, ...other },
    ]),
);

test('what is different, applied to the first value, makes the second', () => {
  fc.assert(
    fc.property(pair, ([before, after]) => {
      const { items, more } = differencesOf(before, after, [], 100_000);
      expect(more).toBe(false);
      expect(applied(before, items)).toEqual(after);
    }),
  );
});

test('a value is the same as itself, and differs from another from either side', () => {
  fc.assert(
    fc.property(pair, ([before, after]) => {
      expect(differencesOf(before, structuredClone(before)).items).toEqual([]);
      const [there, back] = [differencesOf(before, after).items, differencesOf(after, before).items];
      expect(there.map(({ path }) => path).toSorted()).toEqual(back.map(({ path }) => path).toSorted());
    }),
  );
});

test('what is ignored is all that is left out', () => {
  fc.assert(
    fc.property(pair, ([before, after]) => {
      const { items } = differencesOf(before, after, [], 100_000);
      const [first, ...rest] = items.map(({ path }) => path);
      fc.pre(first !== undefined && !first.includes('*'));
      expect(differencesOf(before, after, [first], 100_000).items.map(({ path }) => path)).toEqual(rest);
    }),
  );
});

describe('a difference', () => {
  test('says where, and what stands there on both sides', () => {
    const before = { lines: [{ sku: 'a', price: 1 }, { sku: 'b' }], 'a/b': 1, 'c~d': 1 };
    const after = { lines: [{ sku: 'a', price: 2 }], 'a/b': 2, 'c~d': null, more: true };
    expect(differencesOf(before, after).items).toEqual([
      { path: '/lines/0/price', before: 1, after: 2 },
      { path: '/lines/1', before: { sku: 'b' } },
      { path: '/a~1b', before: 1, after: 2 },
      { path: '/c~0d', before: 1, after: null },
      { path: '/more', after: true },
    ]);
  });

  test('tells nothing from null, and a list from an object', () => {
    expect(differencesOf({ a: null }, {}).items).toEqual([{ path: '/a', before: null }]);
    expect(differencesOf([], {}).items).toEqual([{ path: '', before: [], after: {} }]);
  });

  test('is told of one digit of a number that a double cannot hold', () => {
    const [before, after] = [parseJson('{"id":8202522731445525542}'), parseJson('{"id":8202522731445525543}')];
    expect(JSON.stringify(differencesOf(before, after).items)).toBe(
      '[{"path":"/id","before":8202522731445525542,"after":8202522731445525543}]',
    );
    expect(differencesOf(before, parseJson('{"id":8202522731445525542}')).items).toEqual([]);
  });

  test('under names of objects themselves is one like any other', () => {
    const before = parseJson('{"__proto__": 1, "toString": 2}');
    expect(differencesOf(before, {}).items.map(({ path }) => path)).toEqual(['/__proto__', '/toString']);
  });

  test('below an ignored path is none; a star is any name or index', () => {
    const [before, after] = [
      { lines: [{ at: 1 }, { at: 2 }], at: 1 },
      { lines: [{ at: 3 }, { at: { x: 4 } }], at: 2 },
    ];
    expect(differencesOf(before, after, ['/lines/*/at']).items.map(({ path }) => path)).toEqual(['/at']);
    expect(differencesOf(before, after, ['']).items).toEqual([]);
  });
});

test('no more are listed than anybody reads, and it is said that there are more', () => {
  const list = Array.from({ length: 100_000 }, (_, index) => index);
  const { items, more } = differencesOf(
    list,
    list.map((number) => number + 1),
  );
  expect(items).toHaveLength(200);
  expect(more).toBe(true);
});

function applied(before: unknown, differences: Difference[]): unknown {
  const holder = { value: structuredClone(before) };
  // Items of a list go from its end.
  const removals = differences.filter((one) => !('after' in one)).toReversed();
  for (const { path, ...one } of [...differences.filter((each) => 'after' in each), ...removals]) {
    const segments = ['value', ...segmentsOf(path)];
    const key = segments.pop() ?? '';
    // biome-ignore lint/suspicious/noExplicitAny: any JSON there is
    const place: any = segments.reduce((value: any, segment) => value[segment], holder);
    if ('after' in one)
      Object.defineProperty(place, key, { value: one.after, writable: true, enumerable: true, configurable: true });
    else if (Array.isArray(place)) place.pop();
    else delete place[key];
  }
  return holder.value;
}
