import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { STEP_ERRORS } from '../../../shared/kernel/step-error.ts';
import { FAILURE_CODES } from '../../../shared/run/failure-codes.ts';

const ROOT = join(import.meta.dirname, '../../..');
const sources = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('failure-codes.ts'))
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8'));

test('the table of docs/errors.md is the one that is served', () => {
  const rows = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows).toEqual(
    FAILURE_CODES.map(({ code, of, meaning, what_to_do }) => `| \`${code}\` | ${of} | ${meaning} | ${what_to_do} |`),
  );
});

test('every code that the engine can write is in it', () => {
  const known = new Set(FAILURE_CODES.map(({ code }) => code));
  const written = [...sources('shared/run'), ...sources('shared/step')].flatMap((text) => [
    ...text.matchAll(/name: '([A-Z][A-Za-z]+|[A-Z]+(?:_[A-Z]+)+)'/g),
    ...text.matchAll(/new StepError\(\s*'(\w+)'/g),
  ]);
  const names = new Set([...STEP_ERRORS, ...written.map(([, name = '']) => name)]);
  expect(names.size).toBeGreaterThan(15);
  // Steers the machine; no row has it.
  names.delete('StepRetry');
  expect([...names].filter((name) => !known.has(name))).toEqual([]);
});
