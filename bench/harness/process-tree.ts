import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ of Linux: the unit of CPU time in /proc. */
const TICK_MS = 10;
const PAGE_MB = 4096 / 1024 / 1024;

interface Entry {
  parent: number;
  cpuMs: number;
  residentMb: number;
}

/** CPU time and memory of a process and everything below it. */
export function processTree(root: number): { cpuMs: number; residentMb: number } {
  const entries = new Map<number, Entry>();
  for (const name of readdirSync('/proc')) {
    const entry = /^\d+$/.test(name) ? readEntry(name) : undefined;
    if (entry) entries.set(Number(name), entry);
  }
  const members = [...entries].filter(([pid]) => below(entries, pid, root)).map(([, entry]) => entry);
  return {
    cpuMs: members.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    residentMb: members.reduce((sum, { residentMb }) => sum + residentMb, 0),
  };
}

function below(entries: Map<number, Entry>, pid: number, root: number): boolean {
  for (let at: number | undefined = pid; at; at = entries.get(at)?.parent) if (at === root) return true;
  return false;
}

function readEntry(pid: string): Entry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; fields are counted from behind it, the state being the third.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const field = (number: number) => Number(fields[number - 3]);
    return { parent: field(4), cpuMs: (field(14) + field(15)) * TICK_MS, residentMb: field(24) * PAGE_MB };
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}
