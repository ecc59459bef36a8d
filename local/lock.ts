import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

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
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = Number(readFileSync(path, 'utf8').trim());
    if (isAlive(owner)) {
      throw new Error(`The data folder ${where} is in use by process ${owner}. Stop it, or set DATA_DIR to another folder.`);
    }
    rmSync(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!pid || pid === process.pid) return pid === process.pid;
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
