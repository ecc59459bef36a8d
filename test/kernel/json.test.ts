import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../shared/kernel/canonical-json.ts';
import { isExactNumber, numberFrom, parseJson } from '../../shared/kernel/json.ts';

const LONG = '8202522731445525542';
const again = (text: string) => JSON.stringify(parseJson(text));

/** Whole numbers of any length, as JSON writes them. */
const whole = fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }).map(String);

describe('a number of a JSON text', () => {
  test('that is whole comes out with the digits that it came in with, however long and wherever it stands', () => {
    fc.assert(
      fc.property(whole, whole, (a, b) => {
        const text = `{"a":${a},"b":[{"c":${b}},"${a}",[${b}]]}`;
        expect(again(text)).toBe(text);
      }),
    );
  });

  test('that a double was printed as is that double again: nobody gets anything else than from JSON.parse', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }))), (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(text)).toStrictEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test.each(['0.1', '1.0', '1.50000000000000000000', '0.10000000000000001', '1e22', '5e-324', '9007199254740992', '0e-500'])(
    '%s is an ordinary number',
    (text) => {
      expect(numberFrom(text)).toBe(Number(text));
      expect(parseJson(`[${text}]`)).toEqual([Number(text)]);
    },
  );

  test.each([LONG, '9007199254740993', '10000000000000000000000', '0.12345678901234567890', '1e400', '1e-400', '-1e400'])(
    '%s is kept as it is written',
    (text) => {
      expect(isExactNumber(numberFrom(text))).toBe(true);
      expect(again(`{"n": ${text}}`)).toBe(`{"n":${text}}`);
    },
  );

  test('is one and the same object wherever it has the same digits', () => {
    expect(parseJson(`[${LONG}]`)).toHaveProperty('0', numberFrom(LONG));
    expect(new Set([numberFrom(LONG), numberFrom(LONG), numberFrom(`-${LONG}`)]).size).toBe(2);
  });

  test('that stands in a text is text', () => {
    const value = [`, ${LONG}`, `[${LONG}`, `{"a":${LONG}}`];
    expect(parseJson(JSON.stringify([...value, 1]))).toEqual([...value, 1]);
  });

  test('is found in no time, whatever its length', () => {
    const zeros = '0'.repeat(1_000_000);
    for (const text of [`0.${zeros}1`, `1${zeros}`, `[${'1.1.1,'.repeat(100_000)}`]) {
      const began = performance.now();
      try {
        parseJson(text);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
      expect(performance.now() - began).toBeLessThan(2_000);
    }
  });

  test('cannot be calculated with when a double cannot hold it', () => {
    const value = numberFrom(LONG);
    expect(`${value}`).toBe(LONG);
    for (const calculate of [() => Number(value), () => Number(value) + 1, () => Reflect.apply(Math.max, null, [value, 1])])
      expect(calculate).toThrow(`${LONG} has more digits than can be calculated with`);
  });
});

describe('canonical JSON', () => {
  test('is the same whatever the order of members, and whatever way it came', () => {
    const shuffled = fc
      .dictionary(fc.string(), fc.jsonValue())
      .chain((value) =>
        fc.tuple(fc.constant(value), fc.shuffledSubarray(Object.entries(value), { minLength: Object.keys(value).length })),
      );
    fc.assert(
      fc.property(shuffled, ([value, members]) => {
        expect(canonicalJson({ in: [Object.fromEntries(members)] })).toBe(canonicalJson({ in: [value] }));
        expect(canonicalJson(parseJson(canonicalJson(value)))).toBe(canonicalJson(value));
      }),
    );
    expect(canonicalJson(parseJson(`{"b": 1.0, "a": {"d": ${LONG}, "c": []}}`))).toBe(`{"a":{"c":[],"d":${LONG}},"b":1}`);
  });

  test('differs where a digit, the order of a list or a null does', () => {
    const texts = [LONG, LONG.replace(/.$/, '3'), '[1,2]', '[2,1]', '{"a":null}', '{}', '"1"', '1'];
    expect(new Set(texts.map((text) => canonicalJson(parseJson(text)))).size).toBe(texts.length);
    expect(canonicalJson(undefined)).toBe('null');
  });
});
