import { mkdirSync, readdirSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Functions } from '../lambda/functions.ts';

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;
/** Lambda would run hundreds at once; one process does not. */
const AT_ONCE = 8;

const queued = z.object({ functionArn: z.string(), event: z.unknown() });

/** Events for functions that stay until they are handled, whatever becomes of this process. */
export class EventQueue {
  readonly #folder: string;
  readonly #functions: Functions;
  readonly #waiting: string[] = [];
  #running = 0;
  #open = false;

  constructor(folder: string, functions: Functions) {
    this.#folder = folder;
    this.#functions = functions;
    mkdirSync(folder, { recursive: true });
  }

  /** Begins with what an earlier process has left. */
  start(): void {
    this.#open = true;
    this.#waiting.push(
      ...readdirSync(this.#folder)
        .filter((name) => name.endsWith('.json'))
        .sort(),
    );
    this.#next();
  }

  close(): void {
    this.#open = false;
  }

  /** Resolves when the event is written down. */
  async add(id: string, functionArn: string, event: unknown): Promise<void> {
    const name = `${id}.json`;
    const path = join(this.#folder, name);
    await writeFile(`${path}.new`, JSON.stringify({ functionArn, event }));
    await rename(`${path}.new`, path);
    this.#waiting.push(name);
    this.#next();
  }

  #next(): void {
    while (this.#open && this.#running < AT_ONCE) {
      const name = this.#waiting.shift();
      if (name === undefined) return;
      this.#running += 1;
      this.#deliver(join(this.#folder, name))
        .catch((error: unknown) => console.error(`The event ${name} is lost:`, error))
        .finally(() => {
          this.#running -= 1;
          this.#next();
        });
    }
  }

  async #deliver(path: string): Promise<void> {
    const { functionArn, event } = queued.parse(JSON.parse(await readFile(path, 'utf8')));
    for (let delay = FIRST_RETRY_MS; this.#open; delay = Math.min(delay * 2, LONGEST_RETRY_MS)) {
      try {
        await this.#functions.invoke(functionArn, event);
        await rm(path, { force: true });
        return;
      } catch (error) {
        if (!this.#open) return;
        console.error(`An event for ${functionArn} was not handled; it is sent again in ${delay / 1000} s:`, error);
        await new Promise((resolve) => setTimeout(resolve, delay).unref());
      }
    }
  }
}
