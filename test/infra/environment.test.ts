import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { installed } from './installed.ts';

const ROOT = join(import.meta.dirname, '../..');
const { functions } = installed({ mailDomain: 'mail.example.com', mailActive: true });
const entries = functions.map((fn) => String(fn.Metadata['millrun:entry']));
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

/** The variables that the code of each entry cannot do without, as its bundle has them. Built at once: what they share is read once. */
async function variablesRead(): Promise<Map<string, string[]>> {
  const { outputFiles } = await build({
    entryPoints: entries.map((entry) => join(ROOT, entry)),
    bundle: true,
    write: false,
    outbase: ROOT,
    outdir: ROOT,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    packages: 'external',
    logLevel: 'error',
  });
  return new Map(outputFiles.map(({ path, text }) => [relative(ROOT, path).replace(/\.js$/, '.ts'), namesIn(text)]));
}

const namesIn = (text: string) => [...new Set([...text.matchAll(/\brequired\("([A-Z_]+)"\)/g)].map(([, name = '']) => name))];

let read: Map<string, string[]>;
beforeAll(async () => {
  read = await variablesRead();
});

describe('every variable that a function reads is set', () => {
  test.each(functions.map((fn) => [String(fn.Metadata['millrun:entry']), fn] as const))('in %s', (entry, fn) => {
    const { Variables } = environment.parse(fn.Properties['Environment']);
    const needed = read.get(entry)?.filter((name) => !WHEN_NEEDED.includes(name));
    expect(needed).toBeDefined();
    expect(needed?.filter((name) => Variables[name] === undefined)).toEqual([]);
  });

  test('and is found in bundles', () => {
    expect(read.get('functions/api/authorize.ts')).toEqual(['ACCESS_TABLE']);
  });
});
