import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../free-port.ts';

/** The emulator that serves DynamoDB, a child process that is started again when it dies. */
export interface Emulator {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Sooner, and a child that cannot start would be started in a tight loop. */
const RESTART_DELAY_MS = 200;
const READY_WITHIN_MS = 10_000;
const BANNER = /^Dynoxide listening/;

/** Brings up dynoxide over a database file in `folder`. */
export async function startDynoxide(folder: string): Promise<Emulator> {
  const binary = dynoxideBinary();
  const database = join(folder, 'dynamodb.sqlite');
  const pidFile = join(folder, 'dynamodb.pid');
  await endOrphan(pidFile, database);

  const port = await freePort();
  let closed = false;
  let child: ChildProcess;

  const start = () => {
    child = spawn(binary, ['--host', '127.0.0.1', '-p', String(port), '--db-path', database], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (child.pid) writeFileSync(pidFile, String(child.pid));
    const lines = child.stderr && createInterface(child.stderr);
    lines?.on('line', (line) => closed || BANNER.test(line) || console.error(`dynamodb: ${line}`));
    child.on('error', (error) => console.error(`The DynamoDB emulator cannot be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      if (closed) return;
      console.error(`The DynamoDB emulator ended (${signal ?? code}); starting it again`);
      setTimeout(() => closed || start(), RESTART_DELAY_MS).unref();
    });
  };
  start();
  const endWithUs = () => child.kill();
  process.once('exit', endWithUs);

  const endpoint = `http://127.0.0.1:${port}`;
  const close = async () => {
    closed = true;
    process.off('exit', endWithUs);
    await ended(child);
    rmSync(pidFile, { force: true });
  };
  await answering(endpoint).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { endpoint, close };
}

/** Waits for the first answer, whatever it says. */
export async function answering(endpoint: string): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const answered = await fetch(endpoint, { method: 'POST' }).then(
      () => true,
      () => false,
    );
    if (answered) return;
    if (Date.now() > until) throw new Error(`No DynamoDB answers at ${endpoint}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function dynoxideBinary(): string {
  const name = `@dynoxide/${process.platform}-${process.arch}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return join(manifest, '..', process.platform === 'win32' ? 'dynoxide.exe' : 'dynoxide');
  } catch {
    throw new Error(
      `There is no DynamoDB emulator for ${process.platform}-${process.arch}: the package ${name} is not installed. ` +
        'Start any other one, such as `docker run -p 8000:8000 amazon/dynamodb-local`, and set DYNAMODB_ENDPOINT=http://127.0.0.1:8000.',
    );
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || !child.pid) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), 1000);
  await exit;
  clearTimeout(hard);
}

/** When this process was killed the hard way, its child lives on and holds the database. */
async function endOrphan(pidFile: string, database: string): Promise<void> {
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
