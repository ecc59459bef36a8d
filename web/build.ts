import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the console is made from: the types and the names of routes are part of it. */
const SOURCES = ['web', 'client', 'shared', 'package-lock.json'];
const root = join(import.meta.dirname, '..');
const stamp = join(import.meta.dirname, 'dist/.made-from');

const made = fingerprint();
if (madeFrom() !== made) {
  // Tests build it too, and Vite would believe them that it is for development: larger, slower, and kept until its source changes.
  process.env['NODE_ENV'] = 'production';
  const { build } = await import('vite');
  await build({ configFile: join(import.meta.dirname, 'vite.config.ts'), logLevel: 'warn' });
  writeFileSync(stamp, made);
}

function madeFrom(): string | undefined {
  try {
    return readFileSync(stamp, 'utf8');
  } catch {
    return undefined;
  }
}

function fingerprint(): string {
  const hash = createHash('sha256');
  for (const source of SOURCES) addTo(hash, source);
  return hash.digest('hex');
}

function addTo(hash: ReturnType<typeof createHash>, path: string): void {
  if (path === 'web/dist') return;
  const whole = join(root, path);
  hash.update(path);
  if (statSync(whole).isDirectory()) for (const name of readdirSync(whole).toSorted()) addTo(hash, `${path}/${name}`);
  else hash.update(readFileSync(whole));
}
