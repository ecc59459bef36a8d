import { accessSync, chmodSync, constants, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fullDisk } from './disk.ts';

/** A process that was just killed may take a moment to go. */
const WAIT_MS = 500;

/**
 * Makes the data folder this process's own, and nobody else's to read. Two processes on one folder would each undo what the other does. The
 * operating system holds the lock and drops it when the process ends, however that happens: a number of a process proves nothing.
 */
export function lockFolder(folder: string): { release(): void } {
  const where = resolve(folder);
  prepare(where);
  const full = fullDisk(where);
  if (full) throw new Error(full);
  const lock = new DatabaseSync(join(where, 'lock.sqlite'), { timeout: WAIT_MS });
  const owner = join(where, 'lock');
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new Error(`The data folder ${where} is in use by process ${read(owner)}. Stop it, or set DATA_DIR to another folder.`);
  }
  // For people; never read to decide.
  writeFileSync(owner, String(process.pid));
  tighten(where);
  return { release: () => lock.close() };
}

function prepare(where: string): void {
  try {
    mkdirSync(where, { recursive: true, mode: 0o700 });
    accessSync(where, constants.W_OK);
  } catch (error) {
    throw new Error(`The data folder ${where} cannot be written to (${messageOf(error)}). Set DATA_DIR to one that can.`);
  }
}

/** For folders that were made before, or by hand; what lies deeper cannot be come at. New files have the umask of this process. */
function tighten(where: string): void {
  chmodSync(where, 0o700);
  for (const entry of readdirSync(where, { withFileTypes: true })) if (entry.isFile()) chmodSync(join(where, entry.name), 0o600);
}

/** SQLITE_BUSY */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
