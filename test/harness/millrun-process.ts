import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

export const API_KEY = 'local-dev-key';

const ROOT = join(import.meta.dirname, '../..');
/** What `npm start` runs: options of Node, and the file. */
const START = startCommand();
/** A first start synthesizes the template and compiles every module, and the machine may be busy. */
const READY_WITHIN_MS = 60_000;
const LAST_LINES = 40;
const READY_LINE = /^\{"event":"ready",.*\}$/m;
const readyLine = z.object({ event: z.literal('ready'), api: z.url(), cloud: z.url(), smtp: z.url() });

/** Ends the process group `$0` when our end of its pipe closes, which it does however we end. */
const GUARD = 'read -r _; kill -s KILL -- "-$0" 2>/dev/null';

interface StartOptions {
  dataDir: string;
  args?: string[];
  /** Over the variables that keep it to free ports and to its data folder. */
  environment?: Record<string, string | undefined>;
}

interface Ready {
  /** Where the API answers. */
  api: string;
  /** Where the AWS services answer. */
  cloud: string;
  /** Where mail comes in. */
  smtp: string;
  /** From the start of the process to the line that says it is ready. */
  afterMs: number;
}

interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** `npm start` as people run it, in a process that can be killed. Does not outlive this one, however that ends. */
export class MillrunProcess {
  /** Where it answers, once it does; rejects with what it wrote last when it ends before that, or does not get there in time. */
  readonly ready: Promise<Ready>;
  readonly ended: Promise<Exit>;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #dataDir: string;
  readonly #listeners = new Set<() => void>();
  #output = '';
  #isReady = false;

  constructor({ dataDir, args = [], environment = {} }: StartOptions) {
    const startedAt = performance.now();
    this.#dataDir = dataDir;
    this.#child = spawn(process.execPath, [...START, '--json', ...args], {
      detached: true,
      env: {
        ...process.env,
        PORT: '0',
        AWS_PORT: '0',
        SMTP_PORT: '0',
        CONSOLE: 'off',
        DATA_DIR: dataDir,
        LOCAL_API_KEY: API_KEY,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.pid = this.#child.pid ?? 0;
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#hear(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#hear(chunk));
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.ready = this.#becomesReady(startedAt);
    // Of a start that is meant to fail only the end may be waited for.
    this.ready.catch(() => {});
    endWithUs(this.#child);
  }

  /** All that it wrote so far. */
  get output(): string {
    return this.#output;
  }

  /** Resolves when the output has come to match. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(this.#output);
        if (!found) return;
        this.#listeners.delete(look);
        resolve(found);
      };
      this.#listeners.add(look);
      look();
      this.ended.then(
        ({ code, signal }) => reject(this.#failure(`ended with ${signal ?? code} before it said ${pattern}`)),
        reject,
      );
    });
  }

  /** Closes what it writes its words to, as a reader that goes away does. */
  stopReading(): void {
    this.#child.stdout?.destroy();
  }

  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.#child.kill(signal);
    return this.ended;
  }

  /** kill -9 to the process and its database, sent before this returns; resolves when the process is gone. */
  kill(): Promise<Exit> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      signalled(-this.pid);
      // It has a group of its own. Before the process is ready the file may tell of the one before.
      if (this.#isReady) signalled(databaseIn(this.#dataDir));
    }
    return this.ended;
  }

  async #becomesReady(startedAt: number): Promise<Ready> {
    const late = setTimeout(() => this.kill(), READY_WITHIN_MS);
    try {
      const [line] = await this.said(READY_LINE);
      const afterMs = performance.now() - startedAt;
      this.#isReady = true;
      return { ...readyLine.parse(JSON.parse(line)), afterMs };
    } finally {
      clearTimeout(late);
    }
  }

  #hear(chunk: Buffer): void {
    this.#output += chunk;
    for (const listener of this.#listeners) listener();
  }

  #failure(what: string): Error {
    const last = this.#output.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
    return new Error(`Millrun ${what}. It wrote last:\n${last || '(nothing)'}`);
  }
}

function startCommand(): string[] {
  const manifest = z.object({ scripts: z.object({ start: z.string() }) });
  const { start } = manifest.parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))).scripts;
  return start
    .split(' ')
    .slice(2)
    .map((word) => (word.startsWith('-') ? word : join(ROOT, word)));
}

function endWithUs(child: ChildProcess): void {
  const guard = spawn('/bin/sh', ['-c', GUARD, String(child.pid)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.unref();
  child.once('exit', () => guard.kill('SIGKILL'));
}

/** The number of the database's process; 0 when there is none. */
function databaseIn(dataDir: string): number {
  try {
    return Number(readFileSync(join(dataDir, 'dynamodb.pid'), 'utf8'));
  } catch {
    return 0;
  }
}

function signalled(pid: number): void {
  try {
    if (pid !== 0) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
