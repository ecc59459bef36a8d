import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { API_KEY } from '../cloud.ts';
import { Client } from '../run/client.ts';

const START = join(import.meta.dirname, '../../local/start.ts');

/** A cloud in a process group of its own, over a data folder that outlives it: it can be killed at any moment and started again. */
export class Household {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrun-crash-'));
  #child: ChildProcess | undefined;
  #client: Client | undefined;
  #said = '';
  kills = 0;

  get api(): Client {
    if (!this.#client) throw new Error('The cloud is down.');
    return this.#client;
  }

  /** Where mail comes in. */
  smtpUrl: string | undefined;

  /** All that the process wrote since it was started last. */
  get output(): string {
    return this.#said;
  }

  async start(): Promise<void> {
    this.#said = '';
    const child = spawn(process.execPath, [START], {
      detached: true,
      env: { ...process.env, PORT: '0', AWS_PORT: '0', SMTP_PORT: '0', DATA_DIR: this.#folder, LOCAL_API_KEY: API_KEY },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const url = await new Promise<string>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        this.#said += chunk;
        const ready = /millrun ready (\S+)/.exec(this.#said);
        if (ready?.[1]) resolve(ready[1]);
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', () => reject(new Error(`The cloud ended before it was ready:\n${this.#said}`)));
    });
    this.smtpUrl = / mail (smtp:\S+)/.exec(this.#said)?.[1];
    this.#client = new Client(url);
  }

  /** kill -9 to the process and all it started, the database too. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child?.pid) throw new Error('The cloud is down.');
    const ended = once(child, 'exit');
    process.kill(-child.pid, 'SIGKILL');
    this.#client = undefined;
    this.kills += 1;
    await ended;
  }

  async close(): Promise<void> {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) await this.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
