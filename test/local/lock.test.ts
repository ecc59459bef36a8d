import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { lockFolder } from '../../local/lock.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const LOCK = join(import.meta.dirname, '../../local/lock.ts');
const HOLDER = `
  const { lockFolder } = await import(process.argv[1]);
  try { globalThis.lock = lockFolder(process.argv[2]); } catch (error) { console.log(error.message); process.exit(1); }
  console.log('held', process.pid);
  setInterval(() => {}, 1000);`;

const folder = temporaryFolder();
const parents: ChildProcess[] = [];
afterEach(() => {
  for (const parent of parents.splice(0)) parent.kill('SIGKILL');
});

/** Holds the lock in a process whose parent never asks how it ended. Answers what it says. */
function hold(path: string): Promise<string> {
  const script = '"$0" --input-type=module -e "$1" "$2" "$3" & exec sleep 60 >/dev/null';
  const parent = spawn('/bin/sh', ['-c', script, process.execPath, HOLDER, LOCK, path], { stdio: ['ignore', 'pipe', 'ignore'] });
  parents.push(parent);
  return new Promise((resolve) => parent.stdout.once('data', (said: Buffer) => resolve(said.toString().trim())));
}

const isAbout = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('a process that was killed holds nothing, sixteen times, even where its number is still about', async () => {
  for (let round = 0; round < 16; round += 1) {
    const [, pid = ''] = /^held (\d+)$/.exec(await hold(folder.path)) ?? [];
    expect(Number(pid), `round ${round}`).toBeGreaterThan(1);
    process.kill(Number(pid), 'SIGKILL');
    expect(isAbout(Number(pid))).toBe(true);
  }
});

test('a folder that is in use is refused to another process and to this one, with the number of its owner', async () => {
  const lock = lockFolder(folder.path);
  expect(await hold(folder.path)).toContain(`in use by process ${process.pid}`);
  expect(() => lockFolder(folder.path)).toThrow(`in use by process ${process.pid}`);
  // POSIX drops the locks of a process that closes any descriptor of the file.
  expect(await hold(folder.path)).toContain('in use by process');
  lock.release();
  lockFolder(folder.path).release();
});

test('a number that is left over, even our own, decides nothing', () => {
  writeFileSync(join(folder.path, 'lock'), String(process.pid));
  const lock = lockFolder(folder.path);
  expect(readFileSync(join(folder.path, 'lock'), 'utf8')).toBe(String(process.pid));
  lock.release();
});

test('a folder that was open to others is closed, and what lies in it', () => {
  const old = temporaryFolder();
  chmodSync(old.path, 0o755);
  writeFileSync(join(old.path, 'dynamodb.sqlite'), '', { mode: 0o644 });
  lockFolder(old.path).release();
  expect(statSync(old.path).mode & 0o777).toBe(0o700);
  expect(statSync(join(old.path, 'dynamodb.sqlite')).mode & 0o777).toBe(0o600);
  old.remove();
});
