import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../free-port.ts';
import { endOrphan } from './orphan.ts';
import { endTied, spawnTied } from './tied-process.ts';

/** The emulator that serves DynamoDB, a child process that is started again when it dies. */
export interface Emulator {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Its file in the data folder. */
export const DATABASE = 'dynamodb.sqlite';

/** Sooner, and a child that cannot start would be started in a tight loop. */
const RESTART_DELAY_MS = 200;
const READY_WITHIN_MS = 10_000;
const BANNER = /^Dynoxide listening/;

/** Brings up dynoxide over a database file in `folder`. */
export async function startDynoxide(folder: string): Promise<Emulator> {
  const binary = dynoxideBinary();
  const database = join(folder, DATABASE);
  const pidFile = join(folder, 'dynamodb.pid');
  await endOrphan(pidFile, database);

  const port = await freePort();
  let closed = false;
  let child: ChildProcess;

  const start = () => {
    child = spawnTied([binary, '--host', '127.0.0.1', '-p', String(port), '--db-path', database], pidFile);
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

  const endpoint = `http://127.0.0.1:${port}`;
  const close = async () => {
    closed = true;
    await endTied(child);
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
    return join(manifest, '..', 'dynoxide');
  } catch {
    throw new Error(
      `There is no DynamoDB emulator for ${process.platform}-${process.arch}: the package ${name} is not installed. ` +
        'Start any other one, such as `docker run -p 8000:8000 amazon/dynamodb-local`, and set DYNAMODB_ENDPOINT=http://127.0.0.1:8000.',
    );
  }
}
