import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { installed } from './installed.ts';

const ROOT = join(import.meta.dirname, '../..');
const { functions } = installed({ mailDomain: 'mail.example.com', mailActive: true });
const environment = z.object({ Variables: z.record(z.string(), z.unknown()) }).default({ Variables: {} });

/** Read when an execution starts, a start has files, or a fire sets its next one and tells subscribers: only then. The role and the variable come together. */
const WHEN_NEEDED = [
  'RUNS_MACHINE_ARN',
  'LONG_RUNS_MACHINE_ARN',
  'FILES_TABLE',
  'SUBSCRIPTIONS_TABLE',
  'SCHEDULE_GROUP',
  'SCHEDULE_TARGET_ARN',
  'SCHEDULE_ROLE_ARN',
  'SCHEDULE_DEAD_LETTER_ARN',
];

/** The variables that the code of an entry cannot do without, as its bundle has them. */
async function variablesReadBy(entry: string): Promise<string[]> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, entry)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    packages: 'external',
    logLevel: 'error',
  });
  const text = outputFiles.map((file) => file.text).join('\n');
  return [...new Set([...text.matchAll(/\brequired\("([A-Z_]+)"\)/g)].map(([, name = '']) => name))];
}

describe('every variable that a function reads is set', () => {
  test.each(functions.map((fn) => [String(fn.Metadata['millrun:entry']), fn] as const))('in %s', async (entry, fn) => {
    const { Variables } = environment.parse(fn.Properties['Environment']);
    const needed = (await variablesReadBy(entry)).filter((name) => !WHEN_NEEDED.includes(name));
    expect(needed.filter((name) => Variables[name] === undefined)).toEqual([]);
  });

  test('and is found in bundles', async () => {
    expect(await variablesReadBy('functions/api/authorize.ts')).toEqual(['ACCESS_TABLE']);
  });
});
