import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the console is made from: the types and the names of routes are part of it. */
const SOURCES = ['web', 'client', 'shared', 'package-lock.json'];
const root = join(import.meta.dirname, '..');
const stamp = join(import.meta.dirname, 'dist/.made-from');

const lock = join(root, 'node_modules/.cache/millrun-console');
/** Whoever has died with it has not built for longer. */
const LONGEST_MS = 120_000;
const AGAIN_MS = 200;

const made = fingerprint();
if (madeFrom() !== made) await alone(build);

async function build(): Promise<void> {
  if (madeFrom() === made) return;
  // Tests build it too, and Vite would believe them that it is for development: larger, slower, and kept until its source changes.
  process.env['NODE_ENV'] = 'production';
  const vite = await import('vite');
  await vite.build({ configFile: join(import.meta.dirname, 'vite.config.ts'), logLevel: 'warn' });
  writeFileSync(stamp, made);
}

/** One after the other: a build takes away what is there, also from under the pages that another has just built. */
async function alone(act: () => Promise<void>): Promise<void> {
  mkdirSync(dirname(lock), { recursive: true });
  while (!isTaken()) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  try {
    await act();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function isTaken(): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > LONGEST_MS) rmSync(lock, { recursive: true, force: true });
    return false;
  }
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
