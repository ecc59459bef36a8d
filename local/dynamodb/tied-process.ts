import { type ChildProcess, spawn } from 'node:child_process';

const GRACE_MS = 1000;

/**
 * Starts the command, writes the number of its process, and ends it when our end of its pipe closes, which it does however we end.
 * `$0` is the file for the number, `$@` the command.
 */
const TIED = `
exec 3<&0
"$@" 3<&- </dev/null & child=$!
echo "$child" > "$0"
{ cat <&3 >/dev/null; kill "$child" 2>/dev/null; } & watcher=$!
wait "$child"; code=$?
kill "$watcher" 2>/dev/null
exit "$code"`;

/** Starts a command that does not outlive this process, not even when it is killed. Ctrl-C in the terminal is for us alone. */
export function spawnTied(command: string[], pidFile: string): ChildProcess {
  return spawn('/bin/sh', ['-c', TIED, pidFile, ...command], { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
}

/** Ends it and waits for that; what does not want to is made to. */
export async function endTied(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || !child.pid) return;
  const group = -child.pid;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.stdin?.destroy();
  const hard = setTimeout(() => process.kill(group, 'SIGKILL'), GRACE_MS);
  await exit;
  clearTimeout(hard);
}
