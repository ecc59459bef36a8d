import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePatch } from 'diff';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDocument } from '../../shared/workflow/check.ts';
import { diffOf } from '../../shared/workflow/definition-diff.ts';
import { textDiff } from '../../shared/workflow/text-diff.ts';
import type { CheckedDefinition } from '../../shared/workflow/workflow.ts';
import { type Api, expectRefusal, startApi, uniqueName } from '../edge/api.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

function definition(
  steps: string,
  { top = '', pins = {} }: { top?: string; pins?: CheckedDefinition['pins'] } = {},
): CheckedDefinition {
  const checked = checkDocument(`format: 1\nname: orders\n${top}\nsteps:\n${steps}`);
  if (!checked.ok) throw new Error(JSON.stringify(checked.diagnostics));
  return { document: JSON.parse(JSON.stringify(checked.document)), pins };
}

const A = '  - { id: a, set: { n: 1 } }\n';
const B = '  - { id: b, http: { method: GET, url: https://erp.example/b } }\n';
const C = '  - { id: c, set: { n: 3 } }\n';
const NOTHING = { added: [], gone: [], changed: [], document: [] };

describe('two definitions', () => {
  test('that say the same have no difference, however they are written', () => {
    expect(diffOf(definition(A + B), definition(`  - id: a\n    set:\n      n: 1\n${B}`))).toEqual(NOTHING);
  });

  test('differ in steps that came, that are gone, that are others, with the fields', () => {
    const before = definition(A + B);
    const after = definition(
      `  - { id: a, title: First, set: { n: 1 } }\n  - { id: b, http: { method: GET, url: https://erp.example/c } }\n${C}`,
    );
    expect(diffOf(before, after)).toEqual({
      ...NOTHING,
      added: [{ step: 'c', kind: 'set' }],
      changed: [
        { step: 'a', kind: 'set', fields: ['title'] },
        { step: 'b', kind: 'http', fields: ['http.url'] },
      ],
    });
    expect(diffOf(after, before).gone).toEqual([{ step: 'c', kind: 'set' }]);
  });

  test('differ in what comes first, though the steps say the same', () => {
    expect(diffOf(definition(A + C), definition(C + A)).changed).toEqual([
      { step: 'c', kind: 'set', fields: ['needs'] },
      { step: 'a', kind: 'set', fields: ['needs'] },
    ]);
    expect(diffOf(definition(A + C), definition(A + B + C))).toMatchObject({
      added: [{ step: 'b' }],
      changed: [{ step: 'c', fields: ['needs'] }],
    });
  });

  test('a step within a group is compared for itself; one that moves into another list says so', () => {
    const group = (inner: string, as = 'line') =>
      `  - id: all\n    forEach: { in: "\${ $input.lines }", as: ${as}, steps: [${inner}] }\n    catch: [{ steps: [{ id: spare, set: { n: 0 } }] }]\n`;
    const before = definition(group('{ id: x, set: { n: 1 } }'));
    expect(diffOf(before, definition(group('{ id: x, set: { n: 2 } }'))).changed).toEqual([
      { step: 'x', kind: 'set', fields: ['set.n'] },
    ]);
    expect(diffOf(before, definition(group('{ id: x, set: { n: 1 } }', 'item'))).changed).toEqual([
      { step: 'all', kind: 'forEach', fields: ['forEach.as'] },
    ]);
    expect(
      diffOf(
        definition(A + group('{ id: x, set: { n: 1 } }')),
        definition(group('{ id: x, set: { n: 1 } }, { id: a, set: { n: 1 } }')),
      ).changed,
    ).toEqual([
      { step: 'all', kind: 'forEach', fields: ['needs'] },
      { step: 'a', kind: 'set', fields: ['needs', 'place'] },
    ]);
  });

  test('differ in the kind of a step, in keys of the document, in what a step starts', () => {
    expect(diffOf(definition(A), definition('  - { id: a, wait: 1h }\n')).changed).toEqual([
      { step: 'a', kind: 'wait', fields: ['kind', 'wait'] },
    ]);
    expect(diffOf(definition(A), definition(A, { top: 'title: Orders\ntimeout: 2h' })).document).toEqual(['title', 'timeout']);
    const pin = (hash: string) => ({ a: { workflow: 'w', definition: hash, version: 1 } });
    expect(diffOf(definition(A, { pins: pin('1') }), definition(A, { pins: pin('2') })).changed).toEqual([
      { step: 'a', kind: 'set', fields: ['pin'] },
    ]);
  });
});

describe('the diff of two texts', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());

  /** As `patch` reads it. */
  function patched(before: string, diff: string): string {
    const [file, patch] = [join(folder.path, 'text'), join(folder.path, 'diff')];
    writeFileSync(file, before);
    writeFileSync(patch, diff);
    execFileSync('git', ['apply', '--unsafe-paths', '-p0', '--directory', folder.path, patch], { cwd: folder.path });
    return readFileSync(file, 'utf8');
  }

  test('is one that other tools read: applied to the first text it gives the second', () => {
    const lines = fc.array(fc.constantFrom('a: 1', 'b: 2', '', '  - id: é', '-- x', '++ y'), { maxLength: 30 });
    const text = fc.tuple(lines, fc.boolean()).map(([all, ends]) => all.join('\n') + (ends ? '\n' : ''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const diff = textDiff({ name: 'text', text: before }, { name: 'text', text: after });
        if (before === after) expect(diff).toBe('');
        else if (before !== '' && after !== '') expect(patched(before, diff)).toBe(after);
      }),
      { numRuns: 40 },
    );
  });

  test('of two texts of the largest size that have nothing in common comes all the same', () => {
    const text = (word: string) => Array.from({ length: 16_000 }, (_, n) => `${word} number ${n}`).join('\n');
    const diff = textDiff({ name: 'one', text: text('line') }, { name: 'two', text: text('other') });
    const [patch] = parsePatch(diff);
    expect(patch?.hunks.flatMap(({ lines }) => lines)).toHaveLength(32_000);
  });
});

describe('through the API', () => {
  let api: Api;
  let workflow: string;
  const name = uniqueName();
  const text = (steps: string) => `format: 1\nname: ${name}\nsteps:\n${steps}`;
  beforeAll(async () => {
    api = await startApi();
    const made = await api.post('/v1/workflows', { project_id: 'examples', definition: text(A) });
    workflow = made.body.id;
  });
  afterAll(() => api.close());
  const diff = (query = '') => api.get(`/v1/workflows/${workflow}/diff${query}`);
  const saved = async (steps: string) => {
    const { status } = await api.call('PUT', `/v1/workflows/${workflow}/draft`, { body: { definition: text(steps) } });
    expect(status).toBe(200);
  };

  test('without a version there is nothing to compare from, unless it is said', async () => {
    expectRefusal(await diff(), 400, 'from');
    expect((await diff('?from=draft')).body).toMatchObject({ text: '', steps: { added: [], gone: [], changed: [] } });
  });

  test('versions and the draft are compared, in either direction', async () => {
    await api.post(`/v1/workflows/${workflow}/publish`, {});
    await saved(A + B);
    const { body } = await diff();
    expect(body).toMatchObject({
      from: { version: 1 },
      to: { version: null },
      steps: { added: [{ step: 'b', kind: 'http' }], gone: [], changed: [] },
      document: [],
    });
    expect(body.text).toContain('--- version 1');
    expect(body.text).toContain('+++ draft');
    expect(body.text).toContain(`+${B.trimEnd()}`);
    await api.post(`/v1/workflows/${workflow}/publish`, {});
    expect((await diff('?from=2&to=1')).body).toMatchObject({ steps: { gone: [{ step: 'b' }] }, to: { version: 1 } });
    expect((await diff('?from=2&to=2')).body.text).toBe('');
  });

  test.each([
    ['?from=0', 400, 'from'],
    ['?from=latest', 400, 'from'],
    ['?to=1.5', 400, 'to'],
    ['?from=1&version=2', 400, 'version'],
    ['?from=99', 404, 'version'],
  ])('%s is refused', async (query, status, field) => {
    expectRefusal(await diff(query), status, field);
  });
});
