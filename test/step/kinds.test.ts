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
