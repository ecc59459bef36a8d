import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kindOf, kinds, leafKind } from '../../shared/step/registry.ts';

test('every kind is known by its key, and no other', () => {
  expect([...kinds.keys()]).toEqual([
    'http',
    'llm',
    'mcp',
    'email',
    'emit',
    'set',
    'wait',
    'raise',
    'switch',
    'parallel',
    'forEach',
    'repeat',
    'run',
    'approval',
  ]);
  expect(() => kindOf('fax')).toThrow('fax');
  expect(() => leafKind('wait')).toThrow('wait');
});

const root = join(import.meta.dirname, '../..');
const examples = readdirSync(join(root, 'examples')).map((name) => readFileSync(join(root, 'examples', name), 'utf8'));

test.each([
  ['llm', 'llm'],
  ['mcp', 'mcp'],
  ['email', 'email'],
  ['emit', 'emit'],
  ['approval', 'approvals'],
])('%s is a descriptor, has a page of its own, docs/%s.md, which shows a document, and stands in an example', (kind, page) => {
  expect(kindOf(kind).name).toBe(kind);
  const path = join(root, `docs/${page}.md`);
  expect(existsSync(path)).toBe(true);
  expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^ +${kind}:`, 'm'));
  expect(examples.filter((text) => new RegExp(`^ +${kind}:`, 'm').test(text)).length).toBeGreaterThan(0);
  // What acts outside has an executor; who asks people is part of the engine.
  if (kind !== 'approval') expect(existsSync(join(root, `shared/executor/${kind}/${kind}.ts`))).toBe(true);
});
