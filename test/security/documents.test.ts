import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, expectRefusal, ONE_STEP, startApi, uniqueName } from '../edge/api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const create = (definition: unknown) => api.post('/v1/workflows', { project_id: 'examples', definition });
const head = (steps: string) => `format: 1\nname: ${uniqueName()}\nsteps:\n${steps}`;
const many = (count: number, item: (n: number) => string) => Array.from({ length: count }, (_, n) => item(n)).join('');

function nested(depth: number): object {
  let steps: object[] = [{ id: 'x', set: {} }];
  for (let n = 0; n < depth; n += 1) steps = [{ id: `s${n}`, parallel: { b: steps } }];
  return { format: 1, name: uniqueName(), steps };
}

describe('a document that means harm is 422 with a place, soon', () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      'nine levels of aliases',
      () => `a: &a [x,x,x]\n${many(9, (n) => `b${n}: &b${n} [${n === 0 ? '*a,*a' : `*b${n - 1},*b${n - 1}`}]\n`)}`,
      /alias/,
    ],
    ['eighty thousand aliases', () => `a: &a [1]\nb: [${'*a,'.repeat(80_000)}]`, /alias/],
    ['an alias to itself', () => 'a: &a [*a]', /alias|anchor|&a/i],
    ['__proto__ as a key', () => `__proto__: { polluted: 1 }\n${head(ONE_STEP)}`, /__proto__/],
    ['__proto__ deep in a step', () => head('  - id: a\n    set: { x: { __proto__: { polluted: 1 } } }\n'), /__proto__/],
    ['constructor as a key', () => head('  - id: a\n    set: { constructor: { prototype: { polluted: 1 } } }\n'), /constructor/],
    ['500 nested steps as text', () => JSON.stringify(nested(500)), /nest/],
    ['11 nested steps as an object', () => nested(11), /nest/],
    ['brackets without end', () => '['.repeat(100_000), /nest/],
    ['braces without end', () => '{a: '.repeat(50_000), /nest/],
    ['a quarter of a million blanks', () => ' '.repeat(250_000), /./],
    ['more than 256 KiB', () => `#${'x'.repeat(257 * 1024)}`, /bytes/],
    ['501 steps', () => head(many(501, (n) => `  - id: s${n}\n    set: {}\n`)), /500/],
    ['a hundred thousand steps that are none', () => `format: 1\nname: a\nsteps: [${'x,'.repeat(100_000)}]`, /500/],
    ['25,000 unknown keys', () => `format: 1\n${many(25_000, (n) => `k${n}: 1\n`)}`, /unknown key/],
    ['60,000 times the same key', () => `format: 1\n${'a:\n'.repeat(60_000)}`, /twice/],
    ['a tag that makes objects', () => `${head(ONE_STEP)}title: !!js/function "function () { return 1 }"\n`, /tag/i],
    ['several documents', () => `${head(ONE_STEP)}---\n${head(ONE_STEP)}`, /several/],
    ['a NUL', () => `${head(ONE_STEP)}title: "a\u0000b"\n`, /control characters/],
    ['half a character', () => `${head(ONE_STEP)}title: "\\uD800"\n`, /half a character/],
    [
      'an expression of a hundred thousand brackets',
      () => head(`  - id: a\n    set: { x: "\${ ${'('.repeat(100_000)} }" }\n`),
      /./,
    ],
    [
      'a regular expression that backtracks into itself',
      () => head('  - id: a\n    set: { x: "${ $contains($input.a, /(a+)+\\\\1/) }" }\n'),
      /regular expression/,
    ],
    ['a schema that leads elsewhere', () => `${head(ONE_STEP)}input: { $ref: "http://169.254.169.254/latest" }\n`, /leads out/],
    [
      'a schema with a pattern too large to compile',
      () => `${head(ONE_STEP)}input: { pattern: "(((((a{30}){30}){30}){30}){30})" }\n`,
      /repeat/,
    ],
    [
      'a need of every step for every other',
      () => head(many(60, (n) => `  - id: s${n}\n    needs: [${many(60, (m) => (m === n ? '' : `s${m}, `))}]\n    set: {}\n`)),
      /cycle|needs/,
    ],
  ])('%s', { timeout: 25_000 }, async (_, definition, words) => {
    const answered = await create(definition());
    expectRefusal(answered, 422);
    expect(answered.text).toMatch(words);
    expect(answered.body.details.length).toBeGreaterThan(0);
    for (const { value } of answered.body.details) expect(value).toMatch(/^\d+:\d+ /);
    expect(answered.text.length).toBeLessThan(300_000);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test('__proto__ in a document given as an object is 400', async () => {
    const body = `{"project_id":"examples","definition":{"format":1,"name":"a","__proto__":{"polluted":1},"steps":[]}}`;
    expectRefusal(await api.post('/v1/workflows', body), 400, '__proto__');
  });
});

describe('what a document may hold', () => {
  test('500 steps, 10 deep, with texts in every script, is created', async () => {
    expect((await create(nested(9))).status).toBe(201);
    const title = 'Ψ \u{1f680} שלום \u202e <script>alert(1)</script>';
    const made = await create(`${head(many(500, (n) => `  - id: s${n}\n    set: {}\n`))}title: ${JSON.stringify(title)}\n`);
    expect(made.status, made.text.slice(0, 300)).toBe(201);
    expect(made.body.title).toBe(title);
  });

  test('a text that looks like a state machine intrinsic stays a text', async () => {
    const id = await api.publish(
      "  - id: a\n    set: { x: \"{% $states.input %}\", y: 'States.Format($.run)', z: '$.run.id', 'w.$': '$$.Execution.Id' }\n",
    );
    const run = (await api.start(id, { '{% 1 %}': '{% $eval("1") %}' })).body;
    expect((await api.ended(run.id)).status).toBe('succeeded');
    const { body } = await api.get(`/v1/runs/${run.id}/context?step=a`);
    expect(body.steps[0].output).toEqual({
      x: '{% $states.input %}',
      y: 'States.Format($.run)',
      z: '$.run.id',
      'w.$': '$$.Execution.Id',
    });
  });
});

describe('an input schema that means harm', () => {
  test.each<[string, string, (n: number) => unknown]>([
    ['refers to itself without end', '{ $ref: "#" }', () => ({})],
    [
      'compares every item with every other',
      '{ type: object, properties: { a: { uniqueItems: true } } }',
      () => ({ a: Array.from({ length: 30_000 }, (_, n) => ({ n })) }),
    ],
    [
      'has a pattern that backtracks',
      '{ type: object, properties: { a: { type: string, pattern: "^(a+)+$" } } }',
      () => ({ a: `${'a'.repeat(50_000)}!` }),
    ],
    [
      'complains of every item',
      '{ type: object, properties: { a: { items: { type: string } } } }',
      () => ({ a: Array(200_000).fill(1) }),
    ],
  ])('and %s refuses the inputs in time', async (_, input, inputs) => {
    const id = await api.publish(ONE_STEP, { top: `input: ${input}` });
    const answered = await api.post(`/v1/workflows/${id}/command`, { command: 'start', params: { inputs: inputs(0) } });
    expectRefusal(answered, 400, 'inputs');
    expect(answered.text.length).toBeLessThan(200_000);
  });
});
