import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkDocument } from '../../shared/workflow/check.ts';
import { aDocument, aStep, messagesOf, planOfSteps, said, saidOf } from './documents.ts';

const orderIntake = `
format: 1
name: order-intake
title: Order intake
timeout: 1h
connections: [vendors, erp]
input:
  type: object
  required: [orderId, lines]
  properties:
    orderId: { type: string }
    lines: { type: array, items: { type: object } }
reference: \${ $input.orderId }
runIf: \${ $count($input.lines) > 0 }
steps:
  - id: vendor
    title: Look up vendor
    http: { method: GET, url: https://vendors.example/api/vendors, connection: vendors, query: { order: '\${ $input.orderId }' } }
    output: "\${ body.items[0].{'id': id, 'name': name} }"
    timeout: 30s
    retry: { on: [HttpServerError, Timeout], attempts: 3, delay: 2s }
  - id: stock
    needs: []
    forEach:
      in: \${ $input.lines }
      as: line
      concurrency: 5
      steps:
        - id: check
          http: { method: GET, url: 'https://erp.example/stock/\${ $line.sku }', connection: erp }
          output: \${ body.available }
  - id: shortage
    needs: [vendor, stock]
    if: \${ false in $steps.stock }
    raise: { error: OutOfStock, message: 'Order \${ $input.orderId } cannot be filled' }
  - id: book
    http: { method: POST, url: https://erp.example/orders, connection: erp, body: { vendor: '\${ $steps.vendor.id }' } }
output:
  booking: \${ $steps.book.body.id }
`;

const loop = (id: string, ...steps: unknown[]) => ({ id, forEach: { in: '${ $input.list }', as: 'item', steps } });
const reads = (id: string, read: string, more = {}) => ({ id, set: { v: `\${ ${read} }` }, ...more });

describe('a document', () => {
  test('of the design is taken, without a word', () => {
    const checked = checkDocument(orderIntake);
    expect(checked).toMatchObject({
      ok: true,
      warnings: [],
      document: { name: 'order-intake', connections: ['vendors', 'erp'] },
    });
    expect(checked.ok && [...checked.plan.steps.keys()]).toEqual(['vendor', 'stock', 'check', 'shortage', 'book']);
  });

  test('is normalised: retry in seconds, defaults filled in', () => {
    const checked = checkDocument(
      aDocument({ steps: [aStep('a', { retry: {} }), aStep('b', { retry: { attempts: 5, delay: '2m', maxDelay: '1h' } })] }),
    );
    expect(checked).toMatchObject({
      document: {
        connections: [],
        steps: [
          { kind: 'set', repeatable: true, retry: { attempts: 3, delaySeconds: 1, backoff: 2, jitter: false } },
          { retry: { attempts: 5, delaySeconds: 120, maxDelaySeconds: 3_600 } },
        ],
      },
    });
  });

  test('is told everything that is wrong with it at once, where it stands', () => {
    const checked = checkDocument(`format: 1
name: x
nme: y
steps:
  - id: a
    htp: {}
  - id: b
    set: {}
    needs: [duplicat]
  - id: duplicate
    if: \${ $steps.zz }
    raise: { error: lower }
`);
    expect(checked.ok ? [] : checked.diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
      '3:1 unknown key "nme", did you mean "name"?',
      '6:5 steps.a: unknown key "htp", did you mean "http"?',
      '9:13 steps.b.needs: step "duplicat" does not exist, did you mean "duplicate"?',
      '11:5 steps.duplicate.if: step "zz" does not exist',
      '12:5 steps.duplicate.raise.message: is missing',
      '12:14 steps.duplicate.raise.error: must be an error name in PascalCase such as OutOfStock, without expressions, not "lower"',
    ]);
  });

  test('carries the suggestion apart', () => {
    const checked = checkDocument(aDocument({ nme: 'x', steps: [aStep('a')] }));
    expect(checked).toMatchObject({ ok: false, diagnostics: [{ path: '', suggestion: 'name', severity: 'error' }] });
  });

  test('means the same as YAML and as JSON', () => {
    const fromYaml = checkDocument(orderIntake);
    if (!fromYaml.ok) throw new Error('taken above');
    const { format, name } = fromYaml.document;
    const raw = { format, name, steps: [aStep('a', { if: '${ $input.x = "on" }' }), loop('l', reads('b', '$item & "}"'))] };
    const [yaml, json] = [checkDocument(stringify(raw)), checkDocument(JSON.stringify(raw))];
    expect(yaml.ok && yaml.document).toEqual(json.ok && json.document);
    expect(yaml.ok).toBe(true);
  });

  test('of any text gets an answer with places', () => {
    const answers = (text: string) => {
      const checked = checkDocument(text);
      for (const { line, column, message } of checked.ok ? checked.warnings : checked.diagnostics) {
        expect([line >= 1, column >= 1, message.length > 0]).toEqual([true, true, true]);
      }
      return checked.ok || checked.diagnostics.length > 0;
    };
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), answers), { numRuns: 300 });
    fc.assert(fc.property(fc.json(), answers), { numRuns: 300 });
    const fragment = fc.oneof(
      fc.constantFrom('- ', 'a: ', '${', '}', '\n  ', '&a ', '*a ', '!!set ', '"', '[', '{', '#', '|', 'steps:', 'id: a'),
      fc.string(),
    );
    fc.assert(
      fc.property(
        fc.array(fragment).map((parts) => parts.join('')),
        answers,
      ),
      { numRuns: 500 },
    );
  });

  test('with anything in the place of a step, a kind or a key gets an answer', () => {
    const key = fc.constantFrom(
      'id',
      'set',
      'http',
      'wait',
      'raise',
      'switch',
      'parallel',
      'forEach',
      'needs',
      'if',
      'retry',
      'catch',
      'output',
      'timeout',
    );
    const leaf = fc.oneof(
      fc.constantFrom('a', 'b', '${ $steps.a }', '${ $steps.b.c } x', '${', '5s', ['a'], [], {}, null, true),
      fc.jsonValue(),
    );
    const { steps } = fc.letrec((tie) => ({
      steps: fc.array(tie('step'), { maxLength: 4 }),
      step: fc.dictionary(
        key,
        fc.oneof(
          { maxDepth: 3 },
          leaf,
          tie('steps'),
          fc.record({ steps: tie('steps'), in: leaf, as: leaf }),
          fc.array(fc.record({ when: leaf, steps: tie('steps') }), { maxLength: 2 }),
        ),
        { maxKeys: 5 },
      ),
    }));
    fc.assert(
      fc.property(steps, (list) => {
        const checked = checkDocument(JSON.stringify({ format: 1, name: 'x', steps: list }));
        const problems = checked.ok ? [] : checked.diagnostics;
        expect(problems.filter(({ line, column }) => line < 1 || column < 1)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a text', () => {
  test.each([
    ['an unquoted condition', 'if: ${ a ? b : c }', /must stand in quotes/],
    ['an expression in a flow map', 'a: { b: ${ $input.x } }', /must stand in quotes/],
    ['two documents', 'format: 1\n---\nformat: 1', /several documents/],
    ['a key twice', 'name: a\nname: b', /twice/],
    ['a poisonous key', '__proto__: { x: 1 }', /__proto__/],
    ['a poisonous key below', 'a: { constructor: 1 }', /constructor/],
    ['a tag', 'a: !!binary aGk=', /tag/i],
    ['a number that is none', 'a: .nan', /\.nan is not a number/],
    ['an alias that holds itself', 'a: &a [*a]', /alias/],
    ['an alias of nothing', 'a: *a', /no &a/],
    ['a bomb of aliases', 'a: &a [1,2]\nb: &b [*a,*a]\nc: &c [*b,*b]', /holds aliases/],
    ['many aliases', `a: &a 1\nb: [${'*a,'.repeat(30)}]`, /more than 20 aliases/],
    ['a list', '- a', /map with format, name and steps/],
    ['nothing', '', /map with format, name and steps/],
    ['one that is too long', `a: ${'x'.repeat(300_000)}`, /300003 bytes, at most 262144/],
    ['brackets without end', '['.repeat(100_000), /nests too deeply/],
    ['lists in lists', `a: ${'['.repeat(300)}${']'.repeat(300)}`, /nests too deeply/],
  ])('with %s is refused in words', (_, text, message) => {
    expect(said(text).join('\n')).toMatch(message);
    expect(checkDocument(text).ok).toBe(false);
  });

  test('keeps on, no and yes as words, and says what it made of 1.0', () => {
    const text = 'format: 1\nname: x\nsteps: [{ id: a, set: { on: on, b: no, c: 1.0, d: yes } }]';
    const checked = checkDocument(text);
    expect(checked).toMatchObject({ ok: true, document: { steps: [{ spec: { on: 'on', b: 'no', c: 1, d: 'yes' } }] } });
    expect(said(text)).toEqual(['1.0 is read as the number 1; put it in quotes to keep it as text']);
  });

  test('does not merge', () => {
    expect(said('format: 1\nname: x\nb: &b { x: 1 }\nsteps: [{ id: a, set: { <<: *b } }]')).toEqual(['unknown key "b"']);
  });
});

describe('limits', () => {
  test('of 500 steps, nested ones counted', () => {
    const many = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => aStep(`${prefix}${index}`));
    expect(saidOf(...many(499, 'a'), loop('l', aStep('b')))).toEqual([
      'steps.l.forEach.steps: more than 500 steps, nested ones counted: at least 501',
    ]);
    expect(saidOf(...many(500, 'a'))).toEqual([]);
  });

  test('of 10 levels, however deep a document goes', () => {
    const nested = (depth: number): unknown => (depth === 1 ? aStep('s1') : loop(`s${depth}`, nested(depth - 1)));
    expect(saidOf(nested(10))).toEqual([]);
    expect(saidOf(nested(11))).toEqual(['steps.s2.forEach.steps: steps nest deeper than 10 levels']);
    expect(said(JSON.stringify({ format: 1, name: 'x', steps: [nested(500)] })).join()).toMatch(
      /nests too deeply: at most 200 levels of lists and maps are allowed, and 10 of steps/,
    );
  });
});

describe('a step', () => {
  test.each([
    [
      { id: 'a' },
      'steps.a: has no kind; it needs one of http, llm, mcp, email, emit, set, wait, raise, switch, parallel, forEach, repeat, run, approval',
    ],
    [{ id: 'a', set: {}, wait: '5s' }, 'steps.a: has 2 kinds, set and wait; a step has exactly one'],
    [{ id: 'a', foreach: {} }, 'steps.a: unknown key "foreach", did you mean "forEach"?'],
    [
      { id: 'A', set: {} },
      'steps[0].id: must be an id such as orderLines: a small letter, then letters, digits and _ only, 40 at most, not "A"',
    ],
    [{ set: {} }, 'steps[0].id: is missing'],
    ['a', 'steps[0]: a step must be a map with an id and a kind'],
    [{ id: 'a', wait: '5s', timeout: '5s' }, 'steps.a.timeout: wait takes no timeout; give it to the whole run'],
    [{ id: 'a', raise: { error: 'Bad', message: '' }, output: 1 }, 'steps.a.output: raise has no output'],
    [
      { id: 'a', wait: '5x' },
      'steps.a.wait: must be a duration such as 30s, 5m, 2h or 14d, 365d at most, an expression that gives seconds, or {until: 2030-01-31T12:00:00Z}, not "5x"',
    ],
    [
      aStep('a', { timeout: '2h' }),
      'steps.a.timeout: must be a duration such as 30s, 5m, 2h or 14d, 890s at most, or an expression that gives seconds, not "2h"',
    ],
    [
      aStep('a', { if: '${ true } and ${ false }' }),
      'steps.a.if: must be true, false or one ${ ... } expression, not "${ true } and ${ false }"',
    ],
    [aStep('a', { if: 'true' }), 'steps.a.if: must be true, false or one ${ ... } expression, not "true"'],
    [aStep('a', { retry: { delay: '5s', maxDelay: '5s' } }), 'steps.a.retry.maxDelay: must be longer than delay, such as 10s'],
    [
      aStep('a', { retry: { on: ['HttpServerEror'] } }),
      'steps.a.retry.on: nothing fails with "HttpServerEror", did you mean "HttpServerError"?',
    ],
    [
      { id: 'a', forEach: { in: [], as: 'run', steps: [aStep('b')] } },
      'steps.a.forEach.as: must be another name such as line: input, steps, run, error, index, last mean something already, not "run"',
    ],
    [{ id: 'a', forEach: { as: 'x', steps: [aStep('b')] } }, 'steps.a.forEach.in: is missing'],
    [
      { id: 'a', forEach: { in: [], as: 'x', concurrency: 41, steps: [aStep('b')] } },
      'steps.a.forEach.concurrency: must be at most 40, not 41',
    ],
    [{ id: 'a', switch: [{ otherwise: [aStep('b')] }] }, 'steps.a.switch: needs a case with "when" before otherwise'],
    [
      { id: 'a', switch: [{ when: true, stps: [], steps: [aStep('b')] }] },
      'steps.a.switch[0]: unknown key "stps", did you mean "steps"?',
    ],
    [{ id: 'a', repeat: { max: 3, steps: [aStep('b')] } }, 'steps.a.repeat.until: is missing'],
    [{ id: 'a', repeat: { until: true, steps: [aStep('b')] } }, 'steps.a.repeat.max: is missing'],
    [
      { id: 'a', repeat: { until: true, max: 10_001, steps: [aStep('b')] } },
      'steps.a.repeat.max: must be at most 10000, not 10001',
    ],
    [
      { id: 'a', repeat: { until: 'done', max: 3, steps: [aStep('b')] } },
      'steps.a.repeat.until: must be true, false or one ${ ... } expression, not "done"',
    ],
    [{ id: 'a', parallel: {} }, 'steps.a.parallel: needs at least one branch'],
    [{ id: 'a', parallel: { one: [] } }, 'steps.a.parallel.one: needs at least one step'],
    [
      { id: 'a', http: { method: 'GET', url: 'https://x.example', connection: 'erp' } },
      'steps.a.http.connection: connection "erp" is not listed under connections',
    ],
  ])('%j is told what is wrong, against its own kind alone', (step, message) => {
    expect(saidOf(step)).toEqual([message]);
  });

  test('with the id of another is refused, wherever they stand', () => {
    expect(saidOf(aStep('a'), loop('l', aStep('a')))).toEqual([
      'steps.a.id: the id "a" is used twice; ids are unique in the whole document',
    ]);
  });
});

describe('needs', () => {
  test('may be any graph without a cycle, and is kept as it stands', () => {
    const steps = { a: [], b: [], c: ['a', 'b'], d: ['b'], e: ['c', 'd'], f: ['a', 'd'] };
    const plan = planOfSteps(...Object.entries(steps).map(([id, needs]) => aStep(id, { needs })));
    expect(Object.fromEntries([...plan.steps.values()].map(({ id, needs }) => [id, needs]))).toEqual(steps);
    expect(saidOf(...Object.entries(steps).map(([id, needs]) => aStep(id, { needs })))).toEqual([]);
  });

  test.each([
    [[aStep('a', { needs: ['a'] })], 'steps.a.needs: step "a" cannot need itself'],
    [[aStep('a', { needs: ['b'] }), aStep('b', { needs: ['a'] })], 'steps.a.needs: makes a cycle: "a" needs "b" needs "a"'],
    [
      [loop('l', aStep('x')), aStep('b', { needs: ['x'] })],
      'steps.b.needs: step "x" stands inside "l"; needs names steps of the same list only: name "l", which holds it',
    ],
    [
      [aStep('a'), loop('l', aStep('x', { needs: ['a'] }))],
      'steps.x.needs: step "a" stands in the list of the whole document; needs names steps of the same list only: name "a", in needs of "l", which holds "x"',
    ],
  ])('%j', (steps, message) => {
    expect(saidOf(...steps)).toEqual([message]);
  });

  test('on a long cycle are named in order, and every cycle once', () => {
    const ring = (...ids: string[]) => ids.map((id, index) => aStep(id, { needs: [ids[(index + 1) % ids.length]] }));
    expect(saidOf(...ring('a', 'b', 'c'), ...ring('x', 'y'))).toEqual([
      'steps.a.needs: makes a cycle: "a" needs "b" needs "c" needs "a"',
      'steps.x.needs: makes a cycle: "x" needs "y" needs "x"',
    ]);
  });
});

describe('an output is visible', () => {
  const choice = { id: 's', switch: [{ when: true, steps: [{ id: 'p', parallel: { one: [aStep('deep')] } }] }] };

  test.each([
    ['to the step below', [aStep('a'), reads('b', '$steps.a')]],
    ['to all that come after', [aStep('a'), aStep('b'), reads('c', '$steps.a')]],
    ['inside groups that come after', [aStep('a'), loop('l', reads('x', '$steps.a'))]],
    ['from inside switch and parallel', [choice, reads('b', '$steps.deep')]],
    ['to the steps below in the same item', [loop('l', aStep('x'), reads('y', '$steps.x & $item & $index'))]],
    ['to a handler', [aStep('z'), aStep('a', { catch: [{ steps: [reads('h', '$steps.z & $error.name')] }] })]],
    [
      'of the round before to a step and to what stands inside it, and of the last round to the condition',
      [
        {
          id: 'r',
          repeat: { until: '${ $last.v and $index > 0 }', max: 2, steps: [loop('l', reads('b', '$last & $index & $item'))] },
        },
      ],
    ],
    [
      'of steps inside a group that failed to its handler, whatever group they stand in and however often it is tried',
      [
        {
          id: 'g',
          retry: {},
          parallel: { one: [{ ...choice, retry: {} }], two: [aStep('x'), loop('l', aStep('y'))] },
          catch: [{ steps: [loop('undo', reads('b', '$steps.deep & $steps.x & $steps.s & $steps.l'))] }],
        },
      ],
    ],
    ['in another order where needs says so', [reads('b', '$steps.a', { needs: ['a'] }), aStep('a', { needs: [] })]],
  ])('%s', (_, steps) => {
    expect(saidOf(...steps)).toEqual([]);
  });

  test.each([
    [
      'not beside it',
      [aStep('a'), reads('b', '$steps.a', { needs: [] })],
      'step "a" has not surely ended here: write needs: [a] on "b"',
    ],
    [
      'not before it',
      [reads('b', '$steps.a'), aStep('a')],
      'step "a" has not surely ended here: "a" comes after "b"; put it right above',
    ],
    ['not to itself', [reads('b', '$steps.b')], 'a step cannot read its own output'],
    ['not inside it', [loop('l', reads('b', '$steps.l'))], 'step "l" has not ended here, inside it'],
    [
      'not from outside a loop',
      [loop('l', aStep('x')), reads('b', '$steps.x')],
      'step "x" runs once for each item of "l"; use the output of "l" instead',
    ],
    [
      'not from outside a group that runs again',
      [{ id: 'g', retry: {}, parallel: { one: [aStep('x')] } }, reads('b', '$steps.x')],
      'step "x" may run again with "g"; use the output of "g" instead',
    ],
    [
      'not from outside a handler',
      [aStep('a', { catch: [{ steps: [aStep('x')] }] }), reads('b', '$steps.x')],
      'step "x" runs only when "a" fails; use the output of "a" instead',
    ],
    [
      'not in another branch',
      [{ id: 'p', parallel: { one: [aStep('x')], two: [reads('b', '$steps.x')] } }],
      'step "x" has not surely ended here: the branches of "p" run side by side; put both steps in one branch, or what reads below "p"',
    ],
    [
      'not from the step that failed',
      [aStep('a', { catch: [{ steps: [reads('b', '$steps.a')] }] })],
      'step "a" has not ended here, inside it',
    ],
    [
      'not from the items of the loop that failed',
      [{ ...loop('l', aStep('x')), catch: [{ steps: [reads('b', '$steps.x')] }] }],
      'step "x" runs once for each item of "l"; put the catch on a step inside "l" instead',
    ],
    [
      'not from a loop inside the group that failed',
      [{ id: 'g', parallel: { one: [loop('l', aStep('x'))] }, catch: [{ steps: [reads('b', '$steps.x')] }] }],
      'step "x" runs once for each item of "l"; use the output of "l" instead',
    ],
    ['not under a wrong name', [aStep('stock'), reads('b', '$steps.stok')], 'step "stok" does not exist, did you mean "stock"?'],
    ['no error outside catch', [reads('b', '$error')], '$error is known inside catch only'],
    ['no index outside forEach', [reads('b', '$index')], '$index is known inside forEach and repeat only'],
    ['no last round outside repeat', [loop('l', reads('b', '$last'))], '$last is known inside repeat only'],
    [
      'not from outside a repeat',
      [{ id: 'r', repeat: { until: true, max: 1, steps: [aStep('x')] } }, reads('b', '$steps.x')],
      'step "x" runs once in each round of "r"; use the output of "r" instead',
    ],
    ['no item outside its loop', [loop('l', aStep('x')), reads('b', '$item')], 'unknown name "$item"'],
    ['no misspelt name', [reads('b', '$inptu.x')], 'unknown name "$inptu", did you mean "$input"?'],
  ])('%s', (_, steps, message) => {
    expect(saidOf(...steps)).toEqual([`steps.b.set.v: ${message}`]);
  });

  test('to the output of the document, when it has surely ended', () => {
    const steps = [choice, loop('l', aStep('x'))];
    expect(said(aDocument({ steps, output: { a: '${ $steps.deep }', b: '${ $steps.l }' } }))).toEqual([]);
    expect(said(aDocument({ steps, output: { a: '${ $steps.x }' } }))).toEqual([
      'output.a: step "x" runs once for each item of "l"; use the output of "l" instead',
    ]);
  });

  test('to nothing that is evaluated before the run', () => {
    expect(said(aDocument({ steps: [aStep('a')], runIf: '${ $steps.a }', reference: '${ $input.x }' }))).toEqual([
      'runIf: runIf is evaluated before the run starts and reads $input and $run only, not $steps',
    ]);
  });
});

describe('the input', () => {
  test.each([
    [{ type: 'strin' }, /schema is invalid/],
    [{ $ref: 'https://example.com/schema.json' }, /leads out of the document/],
    [{ $schema: 'http://json-schema.org/draft-07/schema#' }, /2020-12/],
    [{ type: 'string', pattern: '(?=a)b' }, /./],
    [5, /must be a JSON Schema/],
  ])('%j is refused', (input, message) => {
    expect(
      messagesOf(
        ((checked) => (checked.ok ? [] : checked.diagnostics))(checkDocument(aDocument({ input, steps: [aStep('a')] }))),
      ),
    ).toEqual([expect.stringMatching(message)]);
  });

  test('may refer to its own parts', () => {
    expect(said(aDocument({ input: { $ref: '#/$defs/x', $defs: { x: { type: 'object' } } }, steps: [aStep('a')] }))).toEqual([]);
  });
});
