import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Ends an emulator that is still about when the process it belonged to is gone: it holds the database. */
export async function endOrphan(pidFile: string, database: string): Promise<void> {
  const pid = Number(read(pidFile));
  if (!pid || !commandOf(pid).includes(database)) return;
  process.kill(pid, 'SIGTERM');
  for (let i = 0; i < 100 && commandOf(pid).includes(database); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  if (commandOf(pid).includes(database)) process.kill(pid, 'SIGKILL');
}

function commandOf(pid: number): string {
  const linux = read(`/proc/${pid}/cmdline`);
  if (linux || process.platform === 'linux') return linux.replaceAll('\0', ' ');
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
