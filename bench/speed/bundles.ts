import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { temporaryFolder } from '../../test/harness/temporary-folder.ts';
import { median } from '../harness/statistics.ts';

export interface Bundle {
  entry: string;
  bytes: number;
  loadMs: number;
}

const root = join(import.meta.dirname, '../..');

const template = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Metadata: z.object({ 'millrun:entry': z.string(), 'aws:asset:path': z.string() }).partial().optional(),
    }),
  ),
});

/** Every function as `cdk deploy` would upload it, and how long a fresh Node takes to import it. */
export function bundles(loads: number): Bundle[] {
  if (loads === 0) return [];
  const folder = temporaryFolder();
  try {
    return synthesized(folder.path).map(({ entry, path }) => ({
      entry,
      bytes: statSync(path).size,
      loadMs: median(Array.from({ length: loads }, () => load(path))),
    }));
  } finally {
    folder.remove();
  }
}

function synthesized(outdir: string): { entry: string; path: string }[] {
  const cdk = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin/cdk');
  execFileSync(process.execPath, [cdk, 'synth', '--quiet', '--output', outdir], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const { Resources } = template.parse(JSON.parse(readFileSync(join(outdir, 'Millrun.template.json'), 'utf8')));
  return Object.values(Resources).flatMap(({ Metadata }) => {
    const entry = Metadata?.['millrun:entry'];
    const asset = Metadata?.['aws:asset:path'];
    return entry && asset ? [{ entry, path: join(outdir, asset, 'index.mjs') }] : [];
  });
}

/** Milliseconds of the import alone, in a process of its own; the start of Node is not ours to measure. */
function load(path: string): number {
  const script = `const at = performance.now(); await import(${JSON.stringify(pathToFileURL(path).href)}); process.stdout.write(String(performance.now() - at));`;
  const env = {
    ...process.env,
    AWS_REGION: 'us-east-1',
    POWERTOOLS_SERVICE_NAME: 'millrun',
    NODE_OPTIONS: '--enable-source-maps',
  };
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' }));
}
