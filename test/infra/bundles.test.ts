import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { GOALS } from '../../bench/report/goals.ts';
import { bundling } from '../../infra/bundling.ts';
import { installed } from './installed.ts';

const ROOT = join(import.meta.dirname, '../..');
const { functions } = installed({ mailDomain: 'mail.example.com', mailActive: true });
const entries = functions.map((fn) => String(fn.Metadata['millrun:entry']));

/** Bundles that miss the goal, and what they have reached: docs/performance.md says what is in them. */
const REACHED: Record<string, number> = {
  'functions/api/deliveries.ts': 1_240_000,
  'functions/api/receive-webhook.ts': 1_095_000,
  'functions/api/schedules.ts': 1_105_000,
  'functions/api/start-runs.ts': 1_080_000,
  'functions/mail/receive-mail.ts': 1_155_000,
  'functions/timer/fire-schedule.ts': 1_080_000,
  'functions/timer/reconcile-fires.ts': 1_080_000,
  'functions/worker/drive-run.ts': 1_105_000,
};

/** The bytes that `cdk deploy` uploads for an entry, without its source map. */
async function bundleBytes(entry: string): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, entry)],
    bundle: true,
    write: false,
    outfile: 'index.mjs',
    platform: 'node',
    target: 'node24',
    format: bundling.format,
    charset: 'utf8',
    mainFields: bundling.mainFields,
    minify: bundling.minify,
    external: bundling.externalModules,
    alias: Object.fromEntries(bundling.esbuildArgs['--alias'].map((alias) => alias.split('='))),
    banner: { js: bundling.banner },
    logLevel: 'error',
  });
  return outputFiles[0]?.contents.length ?? Number.NaN;
}

describe('a bundle is no larger than its budget', () => {
  test('and every function has one', () => {
    expect(entries.length).toBeGreaterThanOrEqual(23);
    expect(new Set(entries).size).toBe(entries.length);
    expect(Object.keys(REACHED).filter((entry) => !entries.includes(entry))).toEqual([]);
  });

  test.each(entries)('%s', async (entry) => {
    const bytes = await bundleBytes(entry);
    expect(bytes).toBeLessThanOrEqual(REACHED[entry] ?? GOALS.bundleBytes);
    // One that has come below the goal needs no line of its own any more.
    if (entry in REACHED) expect(bytes).toBeGreaterThan(GOALS.bundleBytes);
  });
});
