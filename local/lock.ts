import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Folders that this process holds. In a container the last process may have had the same number as this one. */
const held = new Set<string>();

/** Makes the data folder this process's own. Two of them on one folder would each undo what the other does. */
export function lockFolder(folder: string): { release(): void } {
  const where = resolve(folder);
  try {
    mkdirSync(where, { recursive: true });
    accessSync(where, constants.W_OK);
  } catch (error) {
    throw new Error(`The data folder ${where} cannot be written to (${messageOf(error)}). Set DATA_DIR to one that can.`);
  }

  const path = join(where, 'lock');
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      held.add(path);
      return {
        release() {
          held.delete(path);
          rmSync(path, { force: true });
        },
      };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = Number(readFileSync(path, 'utf8').trim());
    if (owner === process.pid ? held.has(path) : isAlive(owner)) {
      throw new Error(
        `The data folder ${where} is in use by process ${owner}. Stop it, or set DATA_DIR to another folder. ` +
          `If that process is something else, remove ${path}.`,
      );
    }
    rmSync(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
