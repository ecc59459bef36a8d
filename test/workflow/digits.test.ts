import { describe, expect, test } from 'vitest';
import { evaluateTemplate } from '../../shared/expression/expression.ts';
import { parseJson } from '../../shared/kernel/json.ts';
import { jsonTextOf } from '../../shared/run/model/value.ts';
import { inputsOf } from '../../shared/trigger/webhook/mapping.ts';
import { checkDocument } from '../../shared/workflow/check.ts';
import { checkInputs } from '../../shared/workflow/check-inputs.ts';
import { packed, unpacked } from '../../shared/workflow/packed-document.ts';
import { aDocument, aStep, said, saidOf } from './documents.ts';

const ID = '8202522731445525542';
const NEXT = '8202522731445525543';
const input = parseJson(`{"id":${ID},"same":${ID},"ids":[${ID},${NEXT}],"order":{"id":${ID}}}`);
const where = { step: 'book', field: 'http.url' };
const evaluate = (template: unknown) => evaluateTemplate(template, { input }, where);
const printed = async (expression: string) => JSON.stringify(await evaluate(`\${ ${expression} }`));

function documentOf(parts: Record<string, unknown>, text = aDocument({ ...parts, steps: [aStep('a')] })) {
  const checked = checkDocument(text);
  if (!checked.ok) throw new Error(checked.diagnostics.map(({ message }) => message).join('\n'));
  return checked;
}

describe('a number that a double cannot hold', () => {
  test.each([
    ['$input.id', ID],
    ['$input.ids', `[${ID},${NEXT}]`],
    ['$input.ids[1]', NEXT],
    ["$input.{'key': id}", `{"key":${ID}}`],
    ["$merge([$input.order, {'n': 1}])", `{"id":${ID},"n":1}`],
    ["$input.order ~> |$|{'n': 1}|", `{"id":${ID},"n":1}`],
    ['$distinct($append($input.ids, $input.id))', `[${ID},${NEXT}]`],
    [`$number("${ID}")`, ID],
    ['$type($input.id)', '"number"'],
    ['$string($input.id)', `"${ID}"`],
    ["'no. ' & $input.id", `"no. ${ID}"`],
    ['$string($input.order)', JSON.stringify(`{"id":${ID}}`)],
  ])('passes through %s as %s', async (expression, value) => {
    expect(await printed(expression)).toBe(value);
  });

  test.each([
    ['$input.id = $input.same', true],
    ['$input.id != $input.same', false],
    ['$input.id = $input.ids[1]', false],
    [`$input.id = $number("${ID}")`, true],
    ['$input.order = {"id": $input.same}', true],
    ['$input.id in $input.ids', true],
    ['$input.id ? true : false', true],
  ])('compares: %s is %s', async (expression, value) => {
    expect(await evaluate(`\${ ${expression} }`)).toBe(value);
  });

  test('stands in a text digit by digit', async () => {
    expect(await evaluate('https://x.example/orders/${ $input.id }?all=${ $input.ids }')).toBe(
      `https://x.example/orders/${ID}?all=[${ID},${NEXT}]`,
    );
  });

  test.each([
    '$input.id + 1',
    '1 - $input.id',
    '-$input.id',
    '$input.id % 2',
    '$input.id > 5',
    '5 <= $input.id',
    '$sum($input.ids)',
    '$max($input.ids)',
    '$round($input.id)',
    '$input.ids^($)',
  ])('is not calculated with: %s fails, and says where and with what', async (expression) => {
    await expect(evaluate(`\${ ${expression} }`)).rejects.toMatchObject({
      name: 'ExpressionError',
      message: expect.stringMatching(new RegExp(`^steps\\.book\\.http\\.url: .*${ID}`)),
    });
  });

  test('may not stand in an expression, which has doubles only, and its author hears it when saving', () => {
    expect(saidOf(aStep('a', { set: { v: `\${ $input.id = ${ID} }` } }))).toEqual([
      `steps.a.set.v: ${ID} has more digits than an expression calculates with; write $number("${ID}") to compare with it (at character 16)`,
    ]);
    expect(saidOf(aStep('a', { set: { v: '${ $input.id < 1e20 and 0.1 < 9007199254740992 }' } }))).toEqual([]);
  });

  test('may not stand in the place of a step', () => {
    const text = `format: 1\nname: x\nsteps: [${ID}]\n`;
    expect(said(text)).toEqual(['steps[0]: a step must be a map with an id and a kind']);
  });

  test('may stand in a document, and is stored with it', async () => {
    const { document, warnings } = documentOf({}, `format: 1\nname: x\nsteps:\n  - { id: a, set: { id: ${ID}, n: 5 } }\n`);
    expect(warnings).toEqual([]);
    const [step] = unpacked(packed(document)).steps;
    expect(JSON.stringify(await evaluate(step?.spec))).toBe(`{"id":${ID},"n":5}`);
  });

  test('is stored digit by digit', () => {
    expect(jsonTextOf('input', input).json).toBe(`{"id":${ID},"same":${ID},"ids":[${ID},${NEXT}],"order":{"id":${ID}}}`);
  });
});

describe('inputs with a number that a double cannot hold', () => {
  const check = async (schema: object, inputs: string) => {
    const checked = await checkInputs(documentOf({ input: schema }).document, parseJson(inputs));
    return { ...checked, inputs: JSON.stringify(checked.inputs) };
  };
  const properties = {
    id: { type: 'integer', minimum: 1 },
    ids: { type: 'array', uniqueItems: true, items: { type: 'number' } },
    speed: { default: 'slow' },
  };

  test('fit where a number is wanted, and keep it beside the defaults', async () => {
    expect(await check({ type: 'object', properties }, `{"id":${ID},"ids":[${ID},${NEXT}]}`)).toEqual({
      inputs: `{"id":${ID},"ids":[${ID},${NEXT}],"speed":"slow"}`,
      problems: [],
    });
  });

  test('do not fit where a text, a smaller number or another one is wanted', async () => {
    const wanted = { a: { type: 'string' }, b: { maximum: 5 }, c: { type: 'integer' }, ids: properties.ids };
    const { problems } = await check(
      { type: 'object', properties: wanted },
      `{"a":${ID},"b":${ID},"c":0.12345678901234567890,"ids":[${ID},${ID}]}`,
    );
    expect(problems.map(({ path }) => path)).toEqual(['.a', '.b', '.c', '.ids']);
  });

  test('come out of a webhook, with and without a mapping', async () => {
    const delivery = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      query: {},
      body: Buffer.from(`{"id":${ID}}`),
    };
    expect(JSON.stringify(await inputsOf({ scheme: 'none' }, delivery))).toBe(`{"id":${ID}}`);
    expect(JSON.stringify(await inputsOf({ scheme: 'none', mapping: '{"order": body.id}' }, delivery))).toBe(`{"order":${ID}}`);
  });
});
