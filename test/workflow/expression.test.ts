import { describe, expect, test } from 'vitest';
import { evaluateTemplate } from '../../shared/expression/expression.ts';
import { readingOf, stepsReadBy } from '../../shared/expression/references.ts';

const where = { step: 'book', field: 'http' };
const evaluate = (template: unknown, names: Record<string, unknown> = {}, context?: unknown) =>
  evaluateTemplate(template, names, where, context);

describe('a template', () => {
  test('that is exactly one expression keeps the type of its value', async () => {
    expect(await evaluate('${ $input.n }', { input: { n: 5 } })).toBe(5);
    expect(await evaluate('${ $input.list }', { input: { list: [1, 2] } })).toEqual([1, 2]);
    expect(await evaluate('  ${ true }\n')).toBe(true);
  });

  test('with text around it makes a string, in which objects are JSON and null is nothing', async () => {
    expect(await evaluate('a ${ $input.n } b ${ $input.o } c ${ $input.none }.', { input: { n: 5, o: { x: [1] } } })).toBe(
      'a 5 b {"x":[1]} c .',
    );
  });

  test('is null where it is undefined', async () => {
    expect(await evaluate({ a: '${ $input.none }', b: ['${ $steps.gone.x }'], c: undefined }, { input: {} })).toEqual({
      a: null,
      b: [null],
      c: null,
    });
  });

  test('is evaluated in lists and maps, and left alone elsewhere', async () => {
    expect(await evaluate({ a: [{ b: '${ 1 + 1 }' }, 3, true, null, 'plain {} $x'] })).toEqual({
      a: [{ b: 2 }, 3, true, null, 'plain {} $x'],
    });
  });

  test('writes a literal ${ as $${', async () => {
    expect(await evaluate('costs $${ 5 } and ${ 6 }')).toBe('costs ${ 5 } and 6');
  });

  test.each([
    ["${ items[0].{'id': id} }", { id: 3 }],
    ['${ "}" & \'}\' }', '}}'],
    ['${ "\\"}" }', '"}'],
    ['${ `odd } name` }', 7],
    ['${ /* } */ 1 }', 1],
    ['${ $replace("a}b", /\\}/, "-") }', 'a-b'],
    ['${ $contains("it\'s", /\'/) and "b" = "b" }', true],
    ['${ 12 / 2 / 3 & "}" }', '2}'],
    ['${ {"a": {"b": 1}} }', { a: { b: 1 } }],
  ])('%s ends where its author meant', async (template, expected) => {
    expect(await evaluate(template, {}, { items: [{ id: 3 }], 'odd } name': 7 })).toEqual(expected);
  });

  test('reads the full result as its context', async () => {
    expect(await evaluate('${ body.items.id }', {}, { body: { items: [{ id: 1 }, { id: 2 }] } })).toEqual([1, 2]);
  });

  test('gives plain JSON: no extra properties, no odd prototypes', async () => {
    const value = await evaluate("${ $input.rows.{'id': id} }", { input: { rows: [{ id: 1 }, { id: 2 }] } });
    expect(Object.getOwnPropertyNames(value)).toEqual(['0', '1', 'length']);
    expect(value).toStrictEqual([{ id: 1 }, { id: 2 }]);
  });

  test('cannot reach what is not data', async () => {
    expect(await evaluate('${ [$input.constructor, $input.__proto__, $type($input.toString)] }', { input: {} })).toEqual([]);
    await evaluate('${ {"__proto__": {"polluted": 1}} }');
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('beginning with {% is text like any other', async () => {
    expect(await evaluate('{% $states.input %}')).toBe('{% $states.input %}');
  });
});

describe('a failing expression', () => {
  test('names step, field and position', async () => {
    await expect(evaluate({ body: [{ x: 'a ${ 1 + "b" }' }] })).rejects.toMatchObject({
      name: 'ExpressionError',
      message: expect.stringMatching(/^steps\.book\.http\.body\[0\]\.x: .* \(at character \d+\)$/),
    });
  });

  test('of the document names its field', async () => {
    await expect(evaluateTemplate('${ $error("no") }', {}, { step: null, field: 'output' })).rejects.toThrow(/^output: no/);
  });

  test('that compares text with a number says what to do', async () => {
    await expect(evaluate('${ $input.total > 10000 }', { input: { total: '12000' } })).rejects.toThrow(/\$number\(\)/);
  });

  test.each([
    ['recursion without end', '${ ($f := function($x){ 1 + $f($x) }; $f(1)) }'],
    ['mutual recursion', '${ ($f := function($x){ 1 + $g($x) }; $g := function($x){ 1 + $f($x) }; $f(1)) }'],
    ['a tail call without end', '${ ($f := function($x){ $f($x) }; $f(1)) }'],
    ['a string that doubles', '${ $length($reduce([1..60], function($a, $i){ $a & $a }, "aaaaaaaa")) }'],
    ['a huge range', '${ [1..1e7] }'],
    ['a huge padding', '${ $pad("a", 1e9) }'],
    ['a huge join', '${ $join([1..1000].$pad("a", 100000)) }'],
    ['a nested loop', '${ $map([1..90000], function($x){ $map([1..90000], function($y){ $y }) }) }'],
    ['hidden source', '${ $eval("$steps") }'],
    ['a function', '${ $uppercase }'],
    ['a picture that backtracks', `\${ $toMillis("${'1'.repeat(60)}x", "${'[Y]1'.repeat(10)}") }`],
  ])('of %s ends in an error soon', async (_, template) => {
    await expect(evaluate(template)).rejects.toMatchObject({ name: 'ExpressionError' });
  });
});

describe('regular expressions', () => {
  test('cannot hang', async () => {
    expect(await evaluate('${ $contains($input.text, /(a+)+$/) }', { input: { text: `${'a'.repeat(50)}!` } })).toBe(false);
  });

  test('do what those of JavaScript do', async () => {
    expect(await evaluate('${ $match("ab-aB", /a(b)/i) }')).toEqual([
      { match: 'ab', index: 0, groups: ['b'] },
      { match: 'aB', index: 3, groups: ['B'] },
    ]);
    expect(await evaluate('${ $replace("2024-05", /(\\d+)-(\\d+)/, "$2/$1") }')).toBe('05/2024');
    expect(await evaluate('${ $split("a1b22c", /[0-9]+/) }')).toEqual(['a', 'b', 'c']);
    expect(await evaluate('${ $match("ä😀b", /b/).index }')).toBe('ä😀b'.indexOf('b'));
  });

  test('still parse dates by a picture', async () => {
    expect(await evaluate('${ $toMillis("02.01.2020", "[D01].[M01].[Y0001]") }')).toBe(Date.UTC(2020, 0, 2));
    expect(await evaluate('${ $toMillis("2020-01-02T00:00:00Z") }')).toBe(Date.UTC(2020, 0, 2));
  });

  test('that need to look back are refused before the run', () => {
    expect(readingOf('${ $contains("a", /(?<=a)b|\\1/) }').problems).toHaveLength(1);
  });
});

describe('what a template reads', () => {
  const read = (text: string) =>
    readingOf(text).references.map(({ name, stepId }) => (stepId === undefined ? name : `steps.${stepId}`));

  test.each([
    ['${ $input.a & $run.id }', ['input', 'run']],
    ['${ $steps.vendor.id }', ['steps.vendor']],
    ['${ $steps.`vendor`[id = $line.id].x }', ['steps.vendor', 'line']],
    ['${ $map($steps.a, function($v, $i){ $v + $i + $index }) }', ['steps.a', 'index']],
    ['${ ($x := $steps.a; $x.b) }', ['steps.a']],
    ['${ items@$i#$n.($i & $n) }', []],
    ['${ $steps.a ~> |x|{"y": $steps.b}| }', ['steps.a', 'steps.b']],
    ['${ $steps.a{id: $steps.b} }', ['steps.a', 'steps.b']],
    ['${ $error.name = "x" ? $error("y") : 1 }', ['error']],
    ['plain', []],
    ['$${ $input }', []],
  ])('%s', (text, expected) => {
    expect(read(text).toSorted()).toEqual(expected.toSorted());
    expect(readingOf(text).problems).toEqual([]);
  });

  test.each([
    '${ $steps }',
    '${ $steps[0] }',
    '${ $lookup($steps, "a") }',
    '${ $steps.* }',
    '${ ($s := $steps; $s.a) }',
    '${ ($steps).a }',
  ])('%s is refused: which steps are read must be known', (text) => {
    expect(readingOf(text).problems[0]?.message).toMatch(/write \$steps\.<id>/);
  });

  test('is refused where $eval hides it', () => {
    expect(readingOf('${ $eval("$steps.a") }').problems[0]?.message).toMatch(/\$eval/);
    expect(readingOf('${ ($e := $eval; $e("1")) }').problems[0]?.message).toMatch(/\$eval/);
  });

  test('is found anywhere in it, each step once', () => {
    expect(stepsReadBy({ a: ['${ $steps.x }', { b: '${ $steps.y } ${ $steps.x }' }] })).toEqual(['x', 'y']);
  });
});
