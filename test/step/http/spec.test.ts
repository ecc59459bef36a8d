import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { http } from '../../../shared/step/http.ts';
import { aCaller, aServer } from '../../executor/http/server.ts';

function problems(schema: z.ZodType, value: object): string[] {
  const parsed = schema.safeParse({ method: 'GET', url: 'https://a.example/', ...value });
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe("the author's form", () => {
  test.each([
    {},
    { url: 'https://a.example/${ $input.id }', query: { a: '${ $input.a }', b: 1, c: null, d: ['x', true] } },
    { url: '${ $input.services }/stock' },
    { headers: { 'X-Request-Id': '${ $run.id }', 'X-Count': 1 }, connection: 'erp' },
    { method: 'POST', body: { deep: [{ a: '${ 1 }' }] }, expect: [200, '400-404'] },
    { expect: 404 },
  ])('allows %j', (value) => {
    expect(problems(http.schema, value)).toEqual([]);
  });

  test.each([
    [{ method: 'FETCH' }, /^method: /],
    [{ url: 'ftp://a.example/' }, /^url: must be an http or https URL/],
    [{ url: 'https://me:secret@a.example/' }, /^url: .*without a user name/],
    [{ url: 'a.example' }, /^url: /],
    [{ bdy: {} }, /bdy/],
    [{ body: {} }, /^body: a GET or HEAD request has no body/],
    [{ headers: { Host: 'b.example' } }, /^headers.Host: /],
    [{ headers: { 'Transfer-Encoding': 'chunked' } }, /^headers.Transfer-Encoding: /],
    [{ headers: { 'X Y': '1' } }, /^headers.X Y: /],
    [{ expect: 99 }, /^expect: must be a status such as 200, a range/],
    [{ expect: '200' }, /^expect: must be/],
    [{ expect: [] }, /^expect: must be/],
  ])('refuses %j in words', (value, words) => {
    expect(problems(http.schema, value)).toEqual([expect.stringMatching(words)]);
  });

  test('has a JSON Schema', () => {
    expect(z.toJSONSchema(http.schema, { unrepresentable: 'any' })).toMatchObject({
      type: 'object',
      required: ['method', 'url'],
      additionalProperties: false,
      properties: { query: { additionalProperties: { anyOf: [{ type: ['string', 'number', 'boolean', 'null'] }, {}] } } },
    });
  });
});

describe('the evaluated form', () => {
  test.each([
    [{ url: null }, /^url: /],
    [{ url: 'gopher://a.example/' }, /^url: must be an http or https URL/],
    [{ url: 'https://a b/' }, /^url: /],
    [{ query: { a: { b: 1 } } }, /^query.a: /],
    [{ headers: { 'x-a': 'b\r\nx-c: d' } }, /^headers.x-a: holds a line break/],
    [{ headers: { 'x-a': 'б' } }, /^headers.x-a: holds a line break or a character/],
  ])('refuses %j in words', (value, words) => {
    expect(problems(http.resolved, value)).toEqual([expect.stringMatching(words)]);
  });

  test('that is accepted can be sent, whatever it holds', async () => {
    const { url } = await aServer((_, response) => response.end());
    const call = aCaller();
    const text = fc.string({ unit: 'binary' });
    const values = fc.dictionary(text, fc.oneof(text, fc.double(), fc.boolean(), fc.constant(null)));
    const named = fc.dictionary(fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/), fc.string());
    await fc.assert(
      fc.asyncProperty(text, values, named, fc.jsonValue(), async (path, query, headers, body) => {
        const spec = { method: 'POST', url: `${url}/${path}`, query, headers, body };
        if (problems(http.resolved, spec).length > 0) return;
        expect(await call(spec)).toMatchObject({ status: 200 });
      }),
    );
  });
});
