import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { blocksOf } from '../docs/blocks.ts';
import { refused } from '../docs/workflow-examples.ts';
import { documentOf, programs } from '../run/programs.ts';
import { aDocument, said } from './documents.ts';

const root = join(import.meta.dirname, '../..');
const wrong = new Set(refused.map(({ definition }) => definition));

const examples = readdirSync(join(root, 'examples')).map((name) => [
  `examples/${name}`,
  readFileSync(join(root, 'examples', name), 'utf8'),
]);
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);
const shown = pages.flatMap((page) =>
  blocksOf(page, 'yaml')
    .filter((text) => /^format: 1$/m.test(text) && !wrong.has(text))
    .map((text) => [`${parse(text).name} of ${page}`, text]),
);

describe('nothing is said of a document that is right', () => {
  test.each([...examples, ...shown])('%s', (_, text = '') => {
    expect(said(text)).toEqual([]);
  });

  test('whatever it is made of', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const text = stringify({ format: 1, name: 'x', ...documentOf(program, 'https://stub.example') });
        // Its handlers name errors at random.
        expect(said(text).filter((message) => !message.includes('nothing fails with'))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test('whatever its closed schema names and its expressions read', () => {
    const name = fc
      .stringMatching(/^[a-z][A-Za-z0-9]{0,8}$/)
      .filter((word) => !['and', 'or', 'in', 'null', 'true', 'false'].includes(word));
    const { schema } = fc.letrec<{ schema: object; closed: object }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom({ type: 'string' }, {}, { type: 'number' }),
        tie('closed'),
        tie('closed').map((items) => ({ type: 'array', items })),
      ),
      closed: fc
        .dictionary(name, tie('schema'), { minKeys: 1, maxKeys: 3 })
        .map((properties) => ({ type: 'object', additionalProperties: false, properties })),
    }));
    fc.assert(
      fc.property(fc.dictionary(name, schema, { minKeys: 1, maxKeys: 4 }), (properties) => {
        const input = { type: 'object', additionalProperties: false, properties };
        const reads = pathsIn(input).map((path) => ['$input', ...path]);
        const values = reads.flatMap((path) => [
          `\${ ${path.join('.')} }`,
          `\${ $exists(${path.join('[0].')}) }`,
          `has \${ ${path.join('.')} } in it`,
        ]);
        expect(said(aDocument({ input, steps: [{ id: 'a', set: Object.fromEntries(values.entries()) }] }))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test('whatever text stands in it', () => {
    const text = fc
      .oneof(fc.string({ unit: 'grapheme' }), fc.lorem(), fc.webUrl(), fc.emailAddress())
      .filter((word) => !/\$[{a-z]/.test(word));
    fc.assert(
      fc.property(text, (word) => {
        expect(
          said(
            aDocument({
              title: 'A title',
              steps: [
                { id: 'a', set: { x: word, y: [word] } },
                { id: 'r', if: false, raise: { error: 'Bad', message: word } },
              ],
            }),
          ),
        ).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

/** Every path of names that the schema has. */
function pathsIn(schema: object): string[][] {
  const at = 'items' in schema ? schema.items : schema;
  const properties = typeof at === 'object' && at !== null && 'properties' in at ? Object.entries(at.properties as object) : [];
  return properties.flatMap(([name, inner]) => [[name], ...pathsIn(inner).map((path) => [name, ...path])]);
}
