import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluateTemplate } from '../../shared/expression/expression.ts';

const value = (expression: string, input: unknown = {}) =>
  evaluateTemplate(`\${ ${expression} }`, { input }, { step: 'a', field: 'set.x' });

describe('$parse', () => {
  test.each([
    ['{"order": {"id": 7}, "tags": ["a"]}', { order: { id: 7 }, tags: ['a'] }],
    ['[1]', [1]],
    ['"text"', 'text'],
    ['null', null],
    [' true\n', true],
  ])('%s is read as JSON', async (text, expected) => {
    expect(await value('$parse($input.text)', { text })).toEqual(expected);
  });

  test('gives a value to go on with, and keeps the digits of its numbers', async () => {
    const text = '{"id": 8202522731445525542, "lines": [{"sku": "A"}]}';
    expect(JSON.stringify(await value('$parse($input.text).[id, lines.sku]', { text }))).toBe('[8202522731445525542,"A"]');
  });

  test('of what is missing is missing', async () => {
    expect(await value('$exists($parse($input.nothing))')).toBe(false);
  });

  test.each([
    ['<html>', 'steps.a.set.x: $parse(): the text is not JSON, such as {"id": 7}: it begins with "<" and has 6 characters'],
    ['', 'steps.a.set.x: $parse(): the text is not JSON, such as {"id": 7}: it is empty'],
    ['['.repeat(600) + ']'.repeat(600), 'steps.a.set.x: $parse(): the JSON is nested deeper than 500 levels'],
  ])('of %j says what is wrong, and not what a secret says', async (text, message) => {
    await expect(value('$parse($input.text)', { text })).rejects.toMatchObject({
      name: 'ExpressionError',
      message: expect.stringContaining(message),
    });
  });
});

describe('base64', () => {
  test('is of UTF-8, both ways', async () => {
    expect(await value('$base64decode("44OB44O844K6")')).toBe('チーズ');
    expect(await value('$base64encode("チーズ")')).toBe('44OB44O844K6');
    expect(await value('[$base64encode($input.nothing), $base64decode($input.nothing)]')).toEqual([]);
  });

  test('of any text leads back to it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        expect(await value('$base64decode($base64encode($input.text))', { text })).toBe(text);
      }),
    );
  });

  test.each([
    ['in lines, as mail and GitHub write it', 'aGVs\nbG8=\n', 'hello'],
    ['without padding', 'aGVsbG8', 'hello'],
    ['in the alphabet of URLs', 'w7_DvsO_', 'ÿþÿ'],
    ['of nothing', '', ''],
  ])('%s is read', async (_, text, expected) => {
    expect(await value('$base64decode($input.text)', { text })).toBe(expected);
  });

  test.each([
    ['no base64', '$base64decode("hello!")', /the text is not base64, such as aGVsbG8=/],
    ['base64 that is cut off', '$base64decode("aGVsb")', /the text is not base64/],
    ['bytes that are no text', '$base64decode("/9j/4A==")', /the 4 bytes are not text in UTF-8. Keep them as base64/],
    ['half a character', '$base64encode($input.half)', /has half a character/],
  ])('of %s is an error that says so', async (_, expression, message) => {
    await expect(value(expression, { half: '\ud800' })).rejects.toMatchObject({
      name: 'ExpressionError',
      message: expect.stringMatching(message),
    });
  });
});

test('$present asks for what is neither missing nor null, which is what set makes of what is missing', async () => {
  const input = { nothing: null, no: false, zero: 0, empty: '', list: [] };
  const asked = ['nothing', 'missing', 'no', 'zero', 'empty', 'list'].map((name) => `$present($input.${name})`);
  expect(await value(`[${asked.join(', ')}]`, input)).toEqual([false, false, true, true, true, true]);
});

describe('an error of a value says what to do about it', () => {
  test.each([
    ['$input.n > 5', '; turn text into a number with $number()'],
    ['$input.n * 2', '; turn text into a number with $number()'],
    ['$input.nothing > 5', '; ask first whether it is there, as in $present(x) ? x : 0'],
    ['2 - $input.nothing', '; ask first whether it is there, as in $present(x) ? x : 0'],
    ['$uppercase($input.nothing)', '; ask first whether it is there, as in $present(x) ? x : 0'],
  ])('%s', async (expression, advice) => {
    await expect(value(expression, { n: '7', nothing: null })).rejects.toThrow(advice);
    const follow = expression
      .replace('$input.nothing', '($present($input.nothing) ? $input.nothing : 0)')
      .replace('$input.n ', '$number($input.n) ');
    if (!expression.includes('uppercase')) await value(follow, { n: '7', nothing: null });
  });
});
