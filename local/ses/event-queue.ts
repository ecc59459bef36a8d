import { shownError } from '../disk.ts';
import type { Functions } from '../lambda/functions.ts';
import { EventFiles, type QueuedEvent } from './event-files.ts';

/** Lambda would run hundreds at once; one process does not. */
const AT_ONCE = 8;
/** Of mails handled at once: each lies in memory some six times over. One that is larger is handled alone. */
const BYTES_AT_ONCE = 32 * 1024 * 1024;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;
/** Over some eight minutes. */
const MOST_FAILURES = 10;
const MOST_DEATHS = 3;

/** Why an event is not handled any more; undefined while it is. */
export function giveUpReason({ failures, deaths }: Pick<QueuedEvent, 'failures' | 'deaths'>): string | undefined {
  if (deaths >= MOST_DEATHS) return `The mail was set aside: the process has ended ${deaths} times while it was handled.`;
  if (failures >= MOST_FAILURES) return `The mail was set aside: handling it has failed ${failures} times.`;
  return undefined;
}

export const retryDelayMs = ({ failures }: Pick<QueuedEvent, 'failures'>): number =>
  Math.min(FIRST_RETRY_MS * 2 ** Math.max(0, failures - 1), LONGEST_RETRY_MS);

/** Whether one more is begun now. What the process may have died of is handled alone, so that nothing else dies with it. */
export function hasRoom(running: readonly QueuedEvent[], next: QueuedEvent): boolean {
  if (running.length === 0) return true;
  if (next.deaths > 0 || running.some(({ deaths }) => deaths > 0)) return false;
  const bytes = running.reduce((sum, event) => sum + event.bytes, next.bytes);
  return running.length < AT_ONCE && bytes <= BYTES_AT_ONCE;
}

/** Events for functions that stay until they are handled or given up, whatever becomes of this process. */
export class EventQueue {
  readonly #files: EventFiles;
  readonly #functions: Functions;
  readonly #due: QueuedEvent[] = [];
  readonly #running = new Set<QueuedEvent>();
  #open = false;

  constructor(folder: string, functions: Functions) {
    this.#files = new EventFiles(folder);
    this.#functions = functions;
  }

  /** Begins with what an earlier process has left, and of that with what it may have died of. */
  start(): void {
    this.#open = true;
    this.#due.push(...this.#files.left().sort((a, b) => b.deaths - a.deaths));
    this.#next();
  }

  /** What is being handled is handled again by the next process. */
  close(): void {
    this.#open = false;
    for (const event of this.#running) this.#files.release(event);
  }

  /** Resolves when the event is written down. */
  async add(id: string, functionArn: string, event: unknown, bytes = 0): Promise<void> {
    const queued = { id, bytes, failures: 0, deaths: 0 };
    await this.#files.add(queued, { functionArn, event });
    this.#due.push(queued);
    this.#next();
  }

  #next(): void {
    while (this.#open) {
      const [event] = this.#due;
      if (!event || !hasRoom([...this.#running], event)) return;
      this.#due.shift();
      this.#running.add(event);
      this.#deliver(event)
        .catch((error: unknown) => console.error(`The event ${event.id} is lost:`, shownError(error)))
        .finally(() => {
          this.#running.delete(event);
          this.#next();
        });
    }
  }

  async #deliver(event: QueuedEvent): Promise<void> {
    const { functionArn, event: content } = await this.#files.read(event);
    if (!this.#open) return;
    const reason = giveUpReason(event);
    await this.#files.begin(event);
    try {
      await this.#functions.invoke(functionArn, reason === undefined ? content : { undelivered: content, reason });
    } catch (error) {
      return this.#failed(event, functionArn, error);
    }
    await (reason === undefined ? this.#files.done(event) : this.#files.setAside(event));
  }

  /** A slot is not kept while an event waits for its next turn. */
  async #failed(event: QueuedEvent, functionArn: string, error: unknown): Promise<void> {
    if (!this.#open) return;
    if (event.failures >= 2 * MOST_FAILURES) return this.#files.setAside(event);
    const next = await this.#files.putBack(event);
    const delayMs = retryDelayMs(next);
    console.error(`An event for ${functionArn} was not handled; it is sent again in ${delayMs / 1000} s:`, error);
    setTimeout(() => {
      this.#due.push(next);
      this.#next();
    }, delayMs).unref();
  }
}
