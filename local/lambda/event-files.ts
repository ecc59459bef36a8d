import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/** An event that waits for its function. */
export interface QueuedEvent {
  id: string;
  /** Of the mail it is about: what is held in memory while it is handled. */
  bytes: number;
  /** How often its function has failed. */
  failures: number;
  /** How often the process has died while it was handled. */
  deaths: number;
  /** When it came; a file keeps that as the time of its last change. */
  addedMs: number;
  /** What its function said when it failed first, while this process lasts. */
  error?: string;
}

const content = z.object({ functionArn: z.string(), event: z.unknown() });
export type EventContent = z.infer<typeof content>;

const NAME = /^([\w-]+)(?:\.(\d+)\.(\d+)\.(\d+))?\.(json|handling)$/;
const nameOf = ({ id, bytes, failures, deaths }: QueuedEvent, state: 'json' | 'handling' = 'json') =>
  `${id}.${bytes}.${failures}.${deaths}.${state}`;

/** Queued events as files. The name says how an event has fared and whether it is being handled: one rename changes it, whenever the process dies. */
export class EventFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** What an earlier process has left. What it was handling may be what it died of. */
  left(): QueuedEvent[] {
    return readdirSync(this.#folder)
      .sort()
      .flatMap((name) => {
        const [, id, bytes = 0, failures = 0, deaths = 0, state] = NAME.exec(name) ?? [];
        if (id === undefined) return [];
        const died = state === 'handling' ? 1 : 0;
        const addedMs = Math.round(statSync(join(this.#folder, name)).mtimeMs);
        const event = { id, bytes: Number(bytes), failures: Number(failures), deaths: Number(deaths) + died, addedMs };
        renameSync(join(this.#folder, name), this.#pathOf(event));
        return [event];
      });
  }

  async add(event: QueuedEvent, contents: EventContent): Promise<void> {
    const path = this.#pathOf(event);
    await writeFile(`${path}.new`, JSON.stringify(contents));
    await rename(`${path}.new`, path);
  }

  async read(event: QueuedEvent): Promise<EventContent> {
    return content.parse(JSON.parse(await readFile(this.#pathOf(event), 'utf8')));
  }

  begin(event: QueuedEvent): Promise<void> {
    return rename(this.#pathOf(event), this.#pathOf(event, 'handling'));
  }

  /** Back into the queue, as what has failed once more. */
  async putBack(event: QueuedEvent): Promise<QueuedEvent> {
    const next = { ...event, failures: event.failures + 1 };
    await rename(this.#pathOf(event, 'handling'), this.#pathOf(next));
    return next;
  }

  /** The process ends in peace: nothing has failed. */
  release(event: QueuedEvent): void {
    const handled = this.#pathOf(event, 'handling');
    if (existsSync(handled)) renameSync(handled, this.#pathOf(event));
  }

  async done(event: QueuedEvent): Promise<void> {
    await rm(this.#pathOf(event, 'handling'), { force: true });
    await rm(this.#pathOf(event), { force: true });
  }

  #pathOf(event: QueuedEvent, state?: 'handling'): string {
    return join(this.#folder, nameOf(event, state));
  }
}
