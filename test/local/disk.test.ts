import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { DiskWatch, fullDisk, shownError } from '../../local/disk.ts';
import { hangUp, listen } from '../../local/listen.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const MB = 1024 * 1024;
afterEach(() => vi.restoreAllMocks());

test('a disk is full before the last byte is taken, and whoever hears of it knows what to do', () => {
  expect(fullDisk('/data', 16 * MB)).toBeUndefined();
  expect(fullDisk('/data', 3 * MB)).toBe(
    'The disk that holds /data is full: 3.0 MB are left, and 16.0 MB are needed. Make room, or set DATA_DIR to a folder on another disk.',
  );
  expect(fullDisk('/')).toBeUndefined();
});

test('while it is full the API takes nothing, shows what there is, and goes on once there is room', async () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  let problem: string | undefined;
  const watch = new DiskWatch(() => problem);
  const server = createServer(watch.guard((_, response) => response.end('as ever')));
  const port = await listen(server, 0, 'PORT');
  const ask = async (method: string) => {
    const response = await fetch(`http://127.0.0.1:${port}`, { method });
    return [response.status, response.headers.get('retry-after'), await response.text()];
  };

  expect(await ask('POST')).toEqual([200, null, 'as ever']);
  problem = 'It is full.';
  watch.look();
  watch.look();
  expect(await ask('POST')).toEqual([503, '10', JSON.stringify({ status_code: 503, message: problem, details: null })]);
  expect(await ask('GET')).toEqual([200, null, 'as ever']);
  problem = undefined;
  watch.look();
  expect(await ask('POST')).toEqual([200, null, 'as ever']);
  expect(told.mock.calls).toEqual([['It is full.'], ['There is room on the disk again.']]);
  watch.close();
  await hangUp(server);
});

test('an error of a full disk is shown without a trace, another one as it is', () => {
  const database = new DatabaseSync(':memory:');
  database.exec('PRAGMA max_page_count = 2; CREATE TABLE t (x)');
  const full = vi.fn(() => database.exec('INSERT INTO t VALUES (zeroblob(100000))'));
  expect(full).toThrow();
  expect(shownError(full.mock.results[0]?.value)).toBe('The disk is full (database or disk is full).');
  const other = new Error('something else');
  expect(shownError(other)).toBe(other);
  expect(shownError(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }))).toMatch(/^The disk/);
});

/** In a name space of its own a process may mount what it likes, where the system lets it have one. */
const onSmallDisk = (folder: string, command: string) =>
  promisify(execFile)('unshare', ['-rm', 'sh', '-c', `mount -t tmpfs -o size=1m none '${folder}' && ${command}`]);
const possible = await onSmallDisk('/mnt', 'true').then(
  () => true,
  () => false,
);

test.runIf(possible)('a start on a full disk is refused with that, and with nothing else', async () => {
  const folder = temporaryFolder();
  const start = join(import.meta.dirname, '../../local/start.ts');
  const command = `PORT=0 AWS_PORT=0 DATA_DIR='${folder.path}/data' '${process.execPath}' '${start}'`;
  const { code, stderr } = await onSmallDisk(folder.path, command).catch((error) => error);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^millrun cannot start: The disk that holds \S+\/data is full: 1\.0 MB are left, .+ DATA_DIR .+\n$/);
  folder.remove();
});
