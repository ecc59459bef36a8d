import { describe, expect, test } from 'vitest';
import { checkDocument } from '../../shared/workflow/check.ts';
import { aDocument, aStep, said, saidOf } from './documents.ts';

/** What a document with this under `set` hears; warnings begin with "warning ". */
function heardOf(value: string, { input, above = [] as unknown[] } = {} as { input?: unknown; above?: unknown[] }): string[] {
  const checked = checkDocument(
    aDocument({ ...(input !== undefined && { input }), steps: [...above, { id: 'a', set: { x: value } }] }),
  );
  const told = checked.ok ? checked.warnings : checked.diagnostics;
  return told.map(({ severity, message }) => `${severity} ${message.replace('steps.a.set.x: ', '')}`);
}

const http = { id: 'call', http: { method: 'GET', url: 'https://erp.example/orders' } };

describe('a name without "$"', () => {
  test.each([
    ['${ steps.call.body }', 'error "steps.call.body" is read without "$"; write $steps.call.body (at character 4)'],
    ['${ input.x }', 'error "input.x" is read without "$"; write $input.x (at character 4)'],
    ['${ 1 + run.id }', 'error "run.id" is read without "$"; write $run.id (at character 8)'],
    [
      '${ $input.answer = yes }',
      'error "yes" without "$" is a name in the result of a step, which only the output of that step can read; write $input.yes for an input, "yes" in quotes for a text (at character 20)',
    ],
    ['${ $ }', 'error $ is the result of a step, which only the output of that step can read (at character 4)'],
    [
      '${ $input.lines[$$.x = 1] }',
      'error $$ is the result of a step, which only the output of that step can read (at character 17)',
    ],
    ['${ ** }', 'error ** is the result of a step, which only the output of that step can read (at character 4)'],
    ['${ count($input.lines) }', 'error the function count() is called without "$"; write $count() (at character 4)'],
  ])('outside of an output reads nothing: %s', (text, message) => {
    expect(heardOf(text, { above: [http] })).toEqual([message]);
  });

  test('is an error in every other place of a template as well', () => {
    const step = (more: Record<string, unknown>) =>
      saidOf({ id: 'l', forEach: { in: [1], as: 'line', steps: [aStep('a', more)] } });
    expect(step({ set: { x: ['${ line.sku }'] } })).toEqual([expect.stringContaining('write $line.sku')]);
    expect(step({ if: '${ input.x > 5 }' })).toEqual([expect.stringMatching(/^steps.a.if: "input.x" is read without/)]);
    expect(said(aDocument({ steps: [aStep('a')], runIf: '${ input.x }', output: { y: '${ steps.a }' } }))).toEqual([
      expect.stringMatching(/^runIf: .*write \$input.x/),
      expect.stringMatching(/^output.y: .*write \$steps.a/),
    ]);
  });

  test.each([
    '${ $input.lines.(quantity * price) }',
    '${ $input.lines[price > 5].sku }',
    '${ $input.lines^(>price).sku }',
    '${ $input.lines{sku: $sum(price)} }',
    "${ $input.lines.{'sku': sku, 'all': $} }",
    '${ $input.order ~> |lines|{"price": price * 2}| }',
    '${ $map($input.lines, function($l) { $l.sku }) }',
    '${ $input.lines@$l.parts#$i[$i > 0].(id & $l.sku) }',
    '${ ($x := $input.lines; $x.sku) }',
    '${ $input.`first name` & $input."last-name" & "yes" }',
    '${ $input.* }',
    '${ $sum($input.**.price) }',
  ])('inside a path is read from what stands before it: %s', (text) => {
    expect(heardOf(text)).toEqual([]);
  });

  test('in the output of a step is read from its result, and told where that can have none of that name', () => {
    const outputOf = (output: string, kind: Record<string, unknown> = http) => saidOf({ ...kind, output });
    expect(outputOf('${ body.items[status = 1].{"id": id} }')).toEqual([]);
    expect(outputOf('${ items }')).toEqual([
      'steps.call.output: the result has status, headers, body, and never "items", did you mean "body.items"? (at character 4)',
    ]);
    expect(outputOf('${ steps.x }', { id: 'call', set: { x: 1 } })).toEqual([expect.stringContaining('write $steps.x')]);
    expect(outputOf('${ steps.x & input.y }', { id: 'call', run: { workflow: 'other' } })).toEqual([]);
    expect(outputOf('${ headers.content-type }')).toEqual([expect.stringContaining('write headers.`content-type`')]);
    expect(outputOf('${ count(body) }')).toEqual([expect.stringContaining('write $count()')]);
  });
});

describe('a name with a hyphen', () => {
  test('is a subtraction, which hardly anybody means', () => {
    expect(heardOf('${ $input.first-name }')).toEqual([
      'error "$input.first-name" subtracts one name from another; for one name with a hyphen in it write $input.`first-name`, for a subtraction put spaces around the hyphen (at character 11)',
    ]);
    expect(heardOf('${ $input.lines.(unit.list-price) }')).toEqual([expect.stringMatching(/^warning "unit.list-price"/)]);
    expect(heardOf('${ $steps.call.headers.content-type }', { above: [http] })).toEqual([
      expect.stringMatching(/`content-type`/),
    ]);
  });

  test.each([
    '${ $input.`first-name` }',
    '${ $input.a - $input.b }',
    '${ $input.a-1 }',
    '${ $input.lines.(a-b) }',
    '${ $input.a-$input.b }',
  ])('is none in %s', (text) => expect(heardOf(text)).toEqual([]));
});

describe('a name that the input schema does not have', () => {
  const closed = { type: 'object', additionalProperties: false };
  const input = {
    ...closed,
    properties: {
      name: { type: 'string' },
      lines: { type: 'array', items: { ...closed, properties: { sku: {} } } },
      open: { type: 'object', properties: { colour: {} } },
      any: {},
      byKey: { type: 'object', properties: { first: {} }, additionalProperties: { type: 'number' } },
      either: { anyOf: [{ properties: { kind: {} } }], properties: { size: {} } },
    },
  };

  test.each([
    ['$input.nmae', 'error $input never has "nmae", did you mean "name"?'],
    ['$input.zzz', 'error $input never has "zzz"; it has name, lines, open, any, byKey, either'],
    ['$input.lines.skku', 'error $input.lines never has "skku", did you mean "sku"?'],
    ['$input.lines[0].skku', 'error $input.lines never has "skku", did you mean "sku"?'],
    ['$run.naem', 'error $run never has "naem", did you mean "name"?'],
    [
      '$input.open.color',
      'warning the input schema names no "open.color", did you mean "colour"? Name it under properties if not',
    ],
  ])('is told: %s', (read, message) => {
    expect(heardOf(`\${ ${read} }`, { input })).toEqual([message]);
  });

  test.each(['name', 'lines.sku', 'open.other', 'any.thing', 'byKey.frist', 'either.sise', 'files.id', 'lines'])(
    'is not told of what may be there: $input.%s',
    (path) => expect(heardOf(`\${ $input.${path} }`, { input })).toEqual([]),
  );

  test('is not told where there is no schema', () => {
    expect(heardOf('${ $input.nmae }')).toEqual([]);
    expect(heardOf('${ $input.nmae }', { input: true })).toEqual([]);
  });
});

describe('what a step can never give', () => {
  const failing = { ...http, catch: [{ steps: [aStep('h')] }] };

  test('is a warning', () => {
    expect(heardOf('${ $steps.call.items }', { above: [http] })).toEqual([
      'warning $steps.call has status, headers, body, and never "items", did you mean "body.items"?',
    ]);
    expect(heardOf('${ $steps.s.totl }', { above: [{ id: 's', set: { total: 1 } }] })).toEqual([
      'warning $steps.s has total, and never "totl", did you mean "total"?',
    ]);
    expect(saidOf({ ...failing, catch: [{ steps: [{ id: 'h', set: { x: '${ $error.mesage }' } }] }] })).toEqual([
      'steps.h.set.x: $error never has "mesage", did you mean "message"?',
    ]);
  });

  test('is nothing that its own output, or a handler, may give', () => {
    expect(heardOf('${ $steps.call.items }', { above: [{ ...http, output: '${ body }' }] })).toEqual([]);
    expect(heardOf('${ $steps.call.rate }', { above: [{ ...http, catch: [{ steps: [aStep('h')] }] }] })).toEqual([]);
  });
});

test('$exists() of what is null when it is not there gets a warning, since it is always true', () => {
  const above = [{ id: 's', set: { total: '${ $input.total }' } }, http];
  expect(heardOf('${ $exists($steps.s) }', { above })).toEqual([
    'warning $exists($steps.s) is always true, since what is not there is null here; write $present($steps.s)',
  ]);
  expect(heardOf('${ $exists($steps.s.total) }', { above })).toEqual([expect.stringContaining('write $present($steps.s.total)')]);
  for (const right of [
    '$present($steps.s.total)',
    '$exists($steps.call.body.x)',
    '$exists($input.x)',
    '$exists($steps.s.total[x])',
  ])
    expect(heardOf(`\${ ${right} }`, { above })).toEqual([]);
});

describe('a text that was meant to be an expression', () => {
  test('is refused as what a loop goes over', () => {
    const loop = (list: unknown) => saidOf({ id: 'l', forEach: { in: list, as: 'x', steps: [aStep('b')] } });
    expect(loop('$input.records')).toEqual([
      'steps.l.forEach.in: must be a list or one expression such as ${ $input.lines }; over a text it runs once, not "$input.records"',
    ]);
    expect(loop('records')).toHaveLength(1);
    expect(loop('${ 1 } and ${ 2 }')).toHaveLength(1);
    for (const right of ['${ $input.records }', ['a'], [], null, 5, { a: 1 }]) expect(loop(right)).toEqual([]);
  });

  test('is a warning elsewhere', () => {
    expect(heardOf('$input.name')).toEqual(['warning is the text "$input.name"; for its value write ${ $input.name }']);
    expect(heardOf(' $count($input.lines) > 5')).toEqual([expect.stringContaining('write ${ $count($input.lines) > 5 }')]);
    expect(heardOf('$steps.a[0]')).toHaveLength(1);
  });

  test.each(['$5 off', '$input is a word', '$index funds', 'see $input.name', '$total', '$${ $input.x }', '$unknown.name'])(
    'is not seen in %s',
    (text) => expect(heardOf(text)).toEqual([]),
  );

  test('is a warning where nothing is evaluated', () => {
    const title = 'Order ${ $input.id }';
    expect(said(aDocument({ title, steps: [aStep('a', { title })] }))).toEqual([
      'title: is taken as it is, and no expression in it is evaluated',
      'steps.a.title: is taken as it is, and no expression in it is evaluated',
    ]);
    const input = { properties: { day: { default: '${ $now() }', description: 'such as ${ x }' } } };
    expect(said(aDocument({ input, steps: [aStep('a')] }))).toEqual([expect.stringMatching(/^input.properties.day.default: /)]);
  });
});

describe('a value that needs no evaluation is checked for what it must be when the step runs', () => {
  test.each([
    [
      { wait: { until: 'tomorrow' } },
      'wait.until: must be an instant such as 2030-01-31T12:00:00Z, or 2030-01-31T12:00:00+01:00, not "tomorrow"',
    ],
    [
      { wait: { until: '2030-01-31' } },
      'wait.until: must be an instant such as 2030-01-31T12:00:00Z, or 2030-01-31T12:00:00+01:00, not "2030-01-31"',
    ],
    [
      { http: { method: 'GET', url: '${ $input.url }', headers: { a: 'x\ny' } } },
      'http.headers.a: holds a line break or a character that headers cannot carry',
    ],
    [
      { http: { method: 'POST', url: '${ $input.url }', multipart: { f: { filee: 'x' } } } },
      'http.multipart.f: must be a plain value or {file: <id>}, not a map',
    ],
  ])('%j', (step, message) => {
    expect(saidOf({ id: 'a', ...step })).toEqual([`steps.a.${message}`]);
  });

  test('and nothing is said of one that does', () => {
    expect(saidOf({ id: 'a', wait: { until: '${ $input.day }T12:00:00Z' } })).toEqual([]);
    expect(
      saidOf({
        id: 'a',
        http: { method: 'POST', url: 'https://${ $input.host }/', multipart: { f: { file: '${ $input.id }' } } },
      }),
    ).toEqual([]);
  });
});

describe('a value of the wrong type hears its field, what it is, and one that would be right', () => {
  const retry = (more: object) => aStep('a', { retry: more });
  test.each([
    [retry({ delay: 1 }), 'retry.delay: must be a duration such as 1s, 5m, 2h or 14d, not 1'],
    [retry({ attempts: '3' }), 'retry.attempts: must be a number such as 3, not "3"'],
    [retry({ on: 'Timeout' }), 'retry.on: must be a list such as [Timeout], not "Timeout"'],
    [retry({ jitter: 'yes' }), 'retry.jitter: must be true or false, not "yes"'],
    [retry({ delay: '2d' }), 'retry.delay: must be 1d at most, not "2d"'],
    [
      aStep('a', { timeout: 30 }),
      'timeout: must be a duration such as 30s, 5m, 2h or 14d, 890s at most, or an expression that gives seconds, not 30',
    ],
    [aStep('a', { title: 5 }), 'title: must be a text such as "5", not 5'],
    [aStep('a', { needs: 'b' }), 'needs: must be a list such as [order, stock], not "b"'],
    [{ id: 'a', set: [] }, 'set: must be a map such as {name: value}, not an empty list'],
    [{ id: 'a', wait: { untill: '2030-01-31T12:00:00Z' } }, 'wait: unknown key "untill", did you mean "until"?'],
    [{ id: 'a', raise: 'Bad' }, 'raise: must be a map with error and message, not "Bad"'],
    [
      { id: 'a', wait: 5 },
      'wait: must be a duration such as 5s, 5m, 2h or 14d, 365d at most, an expression that gives seconds, or {until: 2030-01-31T12:00:00Z}, not 5',
    ],
  ])('%j', (step, message) => {
    expect(saidOf(step)).toEqual([`steps.a.${message}`]);
  });
});

test('thousands of misspelt names in a schema of thousands are told in seconds', () => {
  const properties = Object.fromEntries(Array.from({ length: 4_000 }, (_, index) => [`nme${index.toString(36)}`, {}]));
  const v = Array.from({ length: 3_000 }, (_, index) => `\${ $input.nmf${index.toString(36)} }`);
  const startedAt = performance.now();
  expect(said(aDocument({ input: { properties }, steps: [{ id: 'a', set: { v } }] })).length).toBeGreaterThan(500);
  // Compared each with each, they took a minute and a half.
  expect(performance.now() - startedAt).toBeLessThan(15_000);
});
