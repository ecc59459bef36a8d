import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkDocument } from '../../shared/workflow/check.ts';

const above = 'format: 1\nname: x\nsteps:\n  - id: a\n';
const below = '  - id: b\n    set: { y: 2 }\n  - id: c\n    wait: 1s\noutput:\n  done: true\n';

/** What is said of a document in which these lines stand. */
function toldOf(lines: string): string[] {
  const checked = checkDocument(above + lines + below);
  return checked.ok ? [] : checked.diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe('an expression that YAML takes apart is the one thing told, with the line as it should be', () => {
  test.each([
    ['a condition', '    if: ${ $input.a ? true : false }\n', "if: '${ $input.a ? true : false }'"],
    ['in a map', '    http: { method: GET, url: ${ $input.host }/x, expect: 200 }\n', "url: '${ $input.host }/x'"],
    ['at the end of a map', '    set: { y: ${ $input.a } }\n', "y: '${ $input.a }'"],
    ['behind one that is right', "    set: { y: '${ 1 }', z: ${ 2 } }\n", "z: '${ 2 }'"],
    ['in a list', '    set: { y: [${ $input.a }, 2] }\n', "'${ $input.a }'"],
    ['an object', "    set: {}\n    output: ${ body.{'id': id} }\n", 'output: "${ body.{\'id\': id} }"'],
    ['in its own double quotes', '    set: { y: "a, ${ $x & "b" }" }\n', 'y: \'a, ${ $x & "b" }\''],
    ['in its own single quotes', "    set: { y: '${ $x & 'b' }' }\n", 'y: "${ $x & \'b\' }"'],
    ['with both quotes', `    set: { y: \${ $x & "b" & 'c' } }\n`, `y: '\${ $x & "b" & ''c'' }'`],
  ])('%s', (_, lines, right) => {
    const [told, ...more] = toldOf(lines);
    expect(more).toEqual([]);
    expect(told?.split(': write ')[1]).toBe(right);
    const value = parse(right);
    expect(Object.values(typeof value === 'string' ? [value] : value).join()).toMatch(/^[^'"]*\$\{.*\}/);
  });

  test('of several lines, since it cannot be quoted in one', () => {
    expect(toldOf("    set:\n      y: ${ (\n        { 'a': 1 }\n      ) }\n")).toEqual([
      expect.stringMatching(
        /^6:10 an expression must stand in quotes here.* One of several lines stands below a "\|", indented$/,
      ),
    ]);
  });

  test('cut off at a comment, which is YAML and no expression', () => {
    expect(toldOf('    if: ${ $input.a #1 }\n    set: {}\n')).toEqual([
      '5:5 steps.a.if: "${" is never closed by "}". Without quotes, YAML ends a text at " #": put it in quotes. A plain "${" is written "$${" (at character 1)',
    ]);
  });
});

describe('a mistake in the YAML is the one thing told, where it begins', () => {
  test.each([
    ['a tab', '\t  set: { x: 1 }\n', '5:1 this line is indented with a tab; YAML takes spaces only, two for each level'],
    [
      'tabs below',
      '    set:\n\t\tx: 1\n\t\ty: 2\n',
      '6:1 this line is indented with a tab; YAML takes spaces only, two for each level',
    ],
    ['a quote without end', '    set: { x: "abc }\n', '5:15 this " is never closed; its end is a "'],
    ['a brace without end', '    set: { x: 1\n', '5:10 this { is never closed; its end is a }'],
    ['a bracket without end', '    set: { x: [1, 2 }\n', '5:15 this [ is never closed; its end is a ]'],
    [
      'a colon in a text',
      '    title: Look: here\n',
      `5:12 a text that holds ": " must stand in quotes: write title: 'Look: here'`,
    ],
    [
      'no space behind a colon',
      '    title:x\n    set: {}\n',
      '5:5 this is no "key: value": is a colon missing, or the space behind it?',
    ],
    ['other braces', '    if: {{ $input.x }}\n', "5:10 an expression is written '${ $input.name }', in quotes, not {{ name }}"],
    [
      'a line that stands too deep',
      '    if: ${ $input.x }\n      set: {}\n',
      '5:9 this is a whole value, and the next line is indented as if it belonged to it; indent it less',
    ],
  ])('%s', (_, lines, message) => {
    expect(toldOf(lines)).toEqual([message]);
  });

  test('however long its line is, at once', () => {
    const startedAt = performance.now();
    expect(toldOf(`    title: ${'${'.repeat(80_000)}: }\n`)).toHaveLength(1);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
