import fc from 'fast-check';
import jsonata from 'jsonata';
import { describe, expect, test } from 'vitest';
import { evaluateTemplate } from '../../shared/expression/expression.ts';
import { StepError } from '../../shared/kernel/step-error.ts';

const evaluate = (source: string, input: unknown = {}) =>
  evaluateTemplate(`\${ ${source} }`, { input }, { step: 'a', field: 'set.x' });
const twice = (shape: string) => `($f := function($v, $n) { $n = 0 ? $v : $f(${shape}, $n - 1) }; $f(1, 40))`;

describe('an expression that would never end is a failure in words', () => {
  test.each([
    ['a function that calls itself at its end', '($f := function($n) { $f($n) }; $f(1))', /longer than/],
    ['a function that calls itself in its middle', '($f := function($n) { 1 + $f($n) }; $f(1))', /recurses too deeply/],
    ['a loop in a loop', '[1..9999].([1..9999])', /longer than|too large/],
    ['a list of a list twice, forty times over', twice('[[$v], [$v]]'), /too large/],
    ['the same as text', `$string(${twice('[[$v], [$v]]')})`, /too large/],
    ['the same compared', `${twice('{"a": $v, "b": $v}')} = ${twice('{"a": $v, "b": $v}')}`, /too large/],
    ['a text twice, forty times over', twice('$v & $v & "x"'), /at most/],
    ['more matches than anybody reads', '$replace($pad("", 1000000, "a"), /a/, "bb")', /matches more than|longer than/],
    ['an endless picture', '$fromMillis(1, $pad("", 1000000, "[Y"))', /./],
    ['finds that each look at the whole rest', '$match($pad("", 20000, "a"), /a(.*b)?/)', /longer than/],
    ['the same in $split', '$split($pad("", 20000, "a"), /a(.*b)?/)', /longer than/],
    ['the same in $replace', '$replace($pad("", 20000, "a"), /a(.*b)?/, "c")', /longer than/],
    ['the same in many texts', '[1..200].$contains($pad("", 200000, "a"), /a(.*b)?/)', /longer than/],
    ['one long find', '$match($pad("", 9000000, "a"), /a(.*b)?/)', /longer than/],
  ])('%s', async (_, source, message) => {
    await expect(evaluate(source)).rejects.toMatchObject({ name: 'ExpressionError', message: expect.stringMatching(message) });
  });

  test.each([
    ['$count($distinct([1..10000].{"a": $}))', 10_000],
    ['$sort([1..50000], function($a, $b) { false })[0]', undefined],
    ['$count($sort($reverse([1..50000])))', 50_000],
    ['$contains($pad("", 100000, "a") & "!", /^(a+)+$/)', false],
  ])('%s takes no time that grows with its square', async (source, expected) => {
    const value = await evaluate(source).catch(() => undefined);
    expect(value).toBe(expected);
  });
});

describe('an evaluation that is called off', () => {
  test.each([
    ['in a loop', '($f := function($n) { $f($n) }; $f(1))'],
    ['in one expression after the other', '$count([1..9999])'],
  ])('%s ends with the reason', async (_, source) => {
    const off = new AbortController();
    const template = Array.from({ length: 200 }, () => `\${ ${source} }`);
    const evaluated = evaluateTemplate(template, {}, { step: 'a', field: 'set' }, undefined, { signal: off.signal });
    setTimeout(() => off.abort(new StepError('Timeout', 'too late')), 20);
    await expect(evaluated).rejects.toMatchObject({ name: 'Timeout', message: 'too late' });
  });
});

describe('what replaces a function of JSONata answers as it does', () => {
  const item = fc.oneof(
    fc.integer(),
    fc.string(),
    fc.record({ a: fc.integer({ min: 0, max: 2 }), b: fc.constantFrom('x', ['y']) }),
    fc.constant([1]),
  );
  const same = async (source: string, input: unknown) => {
    const plain = await Promise.resolve(jsonata(source).evaluate(null, { input })).catch(() => 'refused');
    const ours = await evaluate(source, input).catch(() => 'refused');
    expect(ours).toEqual(JSON.parse(JSON.stringify(plain ?? null)));
  };

  test('$distinct', async () => {
    await fc.assert(fc.asyncProperty(fc.array(item, { maxLength: 12 }), (list) => same('$distinct($input)', list)));
    await same("$distinct($input.{'x': a})", [{ a: 1 }, { a: 1 }, { a: 2 }]);
    await same("$distinct($input.{'x': a})", [{ a: 1 }, { a: 1 }]);
  });

  test('$sort', async () => {
    const list = fc.oneof(fc.array(fc.integer()), fc.array(fc.string()), fc.array(item));
    await fc.assert(fc.asyncProperty(list, (input) => same('$sort($input)', input)));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer()), (input) => same('$sort($input, function($a, $b) { $a < $b })', input)),
    );
  });
});
