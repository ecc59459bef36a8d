import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { bundlingOf } from '../../infra/bundling.ts';
import { synthesize } from '../../infra/synth-template.ts';
import { temporaryFolder } from '../../test/harness/temporary-folder.ts';
import { median } from '../harness/statistics.ts';

export interface Bundle {
  entry: string;
  /** Of what is loaded before the first event; the rest waits until it is needed. */
  bytes: number;
  loadMs: number;
}

/** Every function as `cdk deploy` would upload it, and how long a fresh Node takes to import it. */
export async function bundles(loads: number): Promise<Bundle[]> {
  if (loads === 0) return [];
  const folder = temporaryFolder();
  try {
    const measured: Bundle[] = [];
    for (const entry of entries()) {
      const outdir = join(folder.path, entry);
      const { bytes } = loadedFirst((await build({ ...bundlingOf(nameOf(entry)), outdir, metafile: true })).metafile);
      const index = join(outdir, 'index.mjs');
      measured.push({ entry, bytes, loadMs: median(Array.from({ length: loads }, () => load(index))) });
    }
    return measured;
  } finally {
    folder.remove();
  }
}

const nameOf = (entry: string) => entry.replace(/^functions\/|\.ts$/g, '');

const entries = () =>
  Object.values(synthesize().Resources).flatMap(({ Metadata }) => {
    const entry = Metadata?.['millrun:entry'];
    return typeof entry === 'string' ? [entry] : [];
  });

/** What of a bundle is loaded with its index.mjs: its bytes, and the sources in it. */
export function loadedFirst({ outputs }: Metafile): { bytes: number; sources: string[] } {
  const index = Object.keys(outputs).find((path) => path.endsWith('index.mjs')) ?? '';
  const loaded = new Set([index]);
  for (const path of loaded)
    for (const { path: imported, kind, external } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && !external) loaded.add(imported);
  const files = [...loaded].flatMap((path) => outputs[path] ?? []);
  return {
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    sources: files.flatMap(({ inputs }) => Object.keys(inputs)),
  };
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
