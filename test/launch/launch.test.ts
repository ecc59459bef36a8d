import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const root = join(import.meta.dirname, '../..');
const NODE = `node_modules/node-${process.platform}-${process.arch}`;

const named = {
  '': { version: '1.0.0' },
  'node_modules/tool': { version: '2.0.0', bin: { tool: 'tool.cjs' } },
  'node_modules/elsewhere': { version: '1.0.0', optional: true, os: ['sunos'] },
  [NODE]: { version: '24.21.0', optional: true, bin: { node: 'bin/node' } },
};

let folder: ReturnType<typeof temporaryFolder>;
const at = (path: string) => join(folder.path, path);

/** Stands for npm: installs as `npm ci` does, or fails as it does. */
const NPM = `
const { cpSync, rmSync, writeFileSync } = require('node:fs');
if (process.env.NPM_FAILS) process.exit(7);
console.log(process.argv.slice(2).join(' '));
rmSync('node_modules', { recursive: true, force: true });
cpSync('registry', 'node_modules', { recursive: true, verbatimSymlinks: true });
`;

function write(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

beforeEach(() => {
  folder = temporaryFolder();
  copyFileSync(join(root, 'launch.cjs'), at('launch.cjs'));
  write('package-lock.json', JSON.stringify({ packages: named }));
  write('npm-cli.js', NPM);
  const { '': _, 'node_modules/elsewhere': __, ...installed } = named;
  write('registry/.package-lock.json', JSON.stringify({ packages: installed }));
  write('registry/tool/tool.cjs', "console.log(JSON.stringify([process.argv.slice(2), process.env.PATH.split(':')[0]]))");
  write(`${NODE.replace('node_modules', 'registry')}/include/node.h`, '');
  mkdirSync(at(`${NODE.replace('node_modules', 'registry')}/bin`));
  symlinkSync(process.execPath, at(`${NODE.replace('node_modules', 'registry')}/bin/node`));
});
afterEach(() => folder.remove());

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function launch(args: string[], environment: Record<string, string> = {}, nodeArgs: string[] = []): Promise<Ended> {
  const env = { ...process.env, npm_execpath: at('npm-cli.js'), ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [...nodeArgs, at('launch.cjs'), ...args], { cwd: folder.path, env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

test('the first command installs what is missing, and says so where its own output is not', async () => {
  const { stdout, stderr } = await launch(['tool', '--flag', 'a b']);
  expect(stderr).toMatch(/^Installing what package-lock.json names/);
  expect(stderr).toContain('ci --include=dev --include=optional');
  expect(JSON.parse(stdout)).toEqual([['--flag', 'a b'], at(`${NODE}/bin`)]);
  expect(existsSync(at(`${NODE}/include`))).toBe(false);

  expect((await launch(['tool'])).stderr).toBe('');
});

describe('it installs again when', () => {
  const installed = () => JSON.parse(readFileSync(at('node_modules/.package-lock.json'), 'utf8')).packages;
  const pretend = (packages: object) => write('node_modules/.package-lock.json', JSON.stringify({ packages }));

  test.each<[string, () => void]>([
    ['an installation was cut short', () => rmSync(at('node_modules/.package-lock.json'))],
    ['another version is there', () => pretend({ ...installed(), 'node_modules/tool': { version: '1.9.9' } })],
    [
      'something is there that the lock file has no more',
      () => pretend({ ...installed(), 'node_modules/gone': { version: '1.0.0' } }),
    ],
    ['development packages were left out', () => pretend({ [NODE]: installed()[NODE] })],
    ['it was installed for another platform', () => pretend({ 'node_modules/tool': installed()['node_modules/tool'] })],
    ['a package was removed by hand', () => rmSync(at('node_modules/tool'), { recursive: true })],
  ])('%s', async (_, spoil) => {
    await launch(['tool']);
    spoil();
    expect((await launch(['tool'])).stderr).toContain('Installing');
    expect((await launch(['tool'])).stderr).toBe('');
  });
});

test('TypeScript is run as it stands', async () => {
  write('hello.ts', "const words: string = 'Hello from TypeScript'; console.log(words);");
  expect((await launch(['hello.ts'])).stdout).toBe('Hello from TypeScript\n');
  expect((await launch(['--no-warnings', 'hello.ts'])).stdout).toBe('Hello from TypeScript\n');
});

test('it ends as the command ends', async () => {
  write('fails.ts', 'process.exit(3)');
  expect((await launch(['fails.ts'])).code).toBe(3);
  write('dies.ts', "process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);");
  expect((await launch(['dies.ts'])).code).toBe(128 + 9);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s reaches the command, which may end in its own way', async (signal) => {
  await launch(['tool']);
  write('waits.ts', `process.on('${signal}', () => process.exit(42)); setInterval(() => {}, 1000); console.log('ready');`);
  const child = spawn(process.execPath, [at('launch.cjs'), 'waits.ts'], { cwd: folder.path });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill(signal);
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(42);
});

test('a failure of npm is told and ends it', async () => {
  const { code, stderr } = await launch(['tool'], { NPM_FAILS: 'yes' });
  expect(code).toBe(7);
  expect(stderr).toContain('`npm ci` has failed');
});

test('what cannot be run is named', async () => {
  const { code, stderr } = await launch(['tol']);
  expect(code).toBe(1);
  expect(stderr).toContain('"tol" is neither a .ts file nor a command of a package');
});

test('an old Node hears which one it needs, in one line', async () => {
  write(
    'old.cjs',
    `for (const [name, value] of [['version', 'v18.20.8'], ['versions', { ...process.versions, node: '18.20.8' }]])
      Object.defineProperty(process, name, { value });`,
  );
  const { code, stdout, stderr } = await launch(['tool'], {}, ['--require', at('old.cjs')]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^Millrun needs Node 20 or newer, this is v18\.20\.8\. .+\n$/);
});

test('every script of the package goes through it, so that none depends on the Node or npm of the machine', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const commands = Object.values<string>(scripts).flatMap((script) => script.split(' && '));
  expect(commands.length).toBeGreaterThan(15);
  expect(commands.filter((command) => !/^(node launch\.cjs \S|npm run --silent \S)/.test(command))).toEqual([]);
});

test('the lock file names a Node for every platform that has one, and the emulator', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const name of Object.keys(optionalDependencies))
    expect(packages[`node_modules/${name}`]).toMatchObject({ optional: true, integrity: expect.stringMatching(/^sha512-/) });
  expect(Object.keys(optionalDependencies)).toHaveLength(5);
});
