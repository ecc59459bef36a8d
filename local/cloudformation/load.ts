import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Everything the template is made from, beside the settings. The routes are part of the infrastructure. */
const SOURCES = ['infra', 'shared', 'cdk.json', 'package-lock.json'];
const MAX_TEMPLATE_BYTES = 16 * 1024 * 1024;

/** What the stack is given when it is brought up on this machine. */
const EMBEDDED_SETTINGS = {
  bootstrapWorkspace: 'local',
  bootstrapProject: 'examples',
  allowedNetworks: ['0.0.0.0/0', '::/0'],
  mailDomain: 'mail.localhost',
  mailActive: true,
  mailCanaryMinutes: 0,
};

/** The template of the stack, from the cache when nothing it is made from has changed. The CDK works in a process of its own, which takes its memory along. */
export async function loadTemplate(root: string, more: object = {}): Promise<unknown> {
  const settings = { ...EMBEDDED_SETTINGS, ...more };
  const cache = join(root, 'node_modules/.cache/millrun');
  const path = join(cache, `template-${fingerprint(root, settings)}.json`);
  const cached = read(path);
  if (cached !== undefined) return cached;

  const synthesize = fileURLToPath(new URL('./synthesize.ts', import.meta.url));
  const options = { cwd: root, maxBuffer: MAX_TEMPLATE_BYTES };
  const { stdout } = await promisify(execFile)(process.execPath, [synthesize, JSON.stringify(settings)], options);
  const template: unknown = JSON.parse(stdout);
  try {
    mkdirSync(cache, { recursive: true });
    for (const name of readdirSync(cache)) if (name.startsWith('template-')) rmSync(join(cache, name), { force: true });
    writeFileSync(`${path}.${process.pid}`, stdout);
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    // A read-only installation synthesizes every time.
  }
  return template;
}

function fingerprint(root: string, settings: object): string {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const source of SOURCES) addTo(hash, join(root, source));
  return hash.digest('hex').slice(0, 24);
}

function addTo(hash: ReturnType<typeof createHash>, path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  hash.update(path);
  if (stat.isDirectory()) for (const name of readdirSync(path).toSorted()) addTo(hash, join(path, name));
  else hash.update(readFileSync(path));
}

function read(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
