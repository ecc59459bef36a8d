import { randomUUID } from 'node:crypto';
import { shownError } from '../disk.ts';
import type { Queues } from '../sqs/queues.ts';
import { EventFiles, type QueuedEvent } from './event-files.ts';
import type { Functions } from './functions.ts';
import { afterFailure, lambdaRetries, type RetryPolicy } from './retry-policy.ts';

/** Of mails handled at once: each lies in memory some six times over. One that is larger is handled alone. */
const BYTES_AT_ONCE = 32 * 1024 * 1024;
const MOST_DEATHS = 3;
const LAMBDA_DEFAULTS = lambdaRetries({ MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 21_600 });

type Fate = Pick<QueuedEvent, 'failures' | 'deaths' | 'addedMs'>;

/** Why an event is not handled any more; undefined while it is. Age alone is no reason: the process may not have been up. */
export function giveUpReason({ failures, deaths, addedMs }: Fate, policy: RetryPolicy, nowMs: number): string | undefined {
  if (deaths >= MOST_DEATHS) return `the process has ended ${deaths} times while it was handled`;
  const over = failures > 0 && afterFailure(policy, { failures, ageMs: nowMs - addedMs }).kind === 'give-up';
  return over ? `handling it has failed ${failures} times` : undefined;
}

/** Only a mail takes so much memory that a process may die of it. */
const isSuspect = ({ bytes, deaths }: QueuedEvent) => bytes > 0 && deaths > 0;

/** Whether one more is begun now. What the process may have died of is handled alone, so that nothing else dies with it. */
export function hasRoom(running: readonly QueuedEvent[], next: QueuedEvent, atOnce: number): boolean {
  if (running.length === 0) return true;
  if (isSuspect(next) || running.some(isSuspect)) return false;
  const bytes = running.reduce((sum, event) => sum + event.bytes, next.bytes);
  return running.length < atOnce && bytes <= BYTES_AT_ONCE;
}

export interface EventQueueSettings {
  functions: Functions;
  /** Of the stack: what is given up becomes a dead letter in the one that its function names. */
  queues: Queues;
  /** Lambda would run hundreds at once; one process does not. */
  atOnce: number;
  /** What a function is told of an event before it is given up. */
  notice?: (event: unknown, reason: string) => unknown;
}

/**
 * Lambda's asynchronous invocations: events that stay until their function has handled them or they are given up, whatever becomes of this process.
 * The one place where an event is sent to a function again.
 */
export class EventQueue {
  readonly #files: EventFiles;
  readonly #settings: EventQueueSettings;
  readonly #due: QueuedEvent[] = [];
  readonly #running = new Set<QueuedEvent>();
  #open = false;

  constructor(folder: string, settings: EventQueueSettings) {
    this.#files = new EventFiles(folder);
    this.#settings = settings;
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
    const queued = { id, bytes, failures: 0, deaths: 0, addedMs: Date.now() };
    await this.#files.add(queued, { functionArn, event });
    this.#due.push(queued);
    this.#next();
  }

  #next(): void {
    while (this.#open) {
      const [event] = this.#due;
      if (!event || !hasRoom([...this.#running], event, this.#settings.atOnce)) return;
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
    const reason = giveUpReason(event, this.#policyOf(functionArn), Date.now());
    await this.#files.begin(event);
    try {
      if (reason === undefined) await this.#settings.functions.invoke(functionArn, content);
      else await this.#giveUp(event, functionArn, content, reason);
    } catch (error) {
      return this.#failed(event, functionArn, error);
    }
    await this.#files.done(event);
  }

  async #giveUp(event: QueuedEvent, functionArn: string, content: unknown, reason: string): Promise<void> {
    await this.#tell(event, functionArn, content, reason);
    this.#bury(event, functionArn, content, reason);
  }

  /** A function that fails at this too is asked as often as for the event itself. */
  async #tell({ failures }: QueuedEvent, functionArn: string, content: unknown, reason: string): Promise<void> {
    const { notice, functions } = this.#settings;
    if (!notice || failures > 2 * this.#policyOf(functionArn).maxRetries + 1) return;
    await functions.invoke(functionArn, notice(content, reason));
  }

  #bury({ id, error }: QueuedEvent, functionArn: string, content: unknown, reason: string): void {
    const deadLetterArn = this.#settings.functions.find(functionArn)?.deadLetterArn;
    const place =
      deadLetterArn === undefined ? 'discarded, since the function has no dead-letter queue' : `now in ${deadLetterArn}`;
    console.error(`The event ${id} for ${functionArn} is ${place}: ${reason}.`);
    if (deadLetterArn === undefined) return;
    this.#settings.queues.send(deadLetterArn, JSON.stringify(content), {
      RequestID: randomUUID(),
      ErrorCode: 200,
      ErrorMessage: error ?? reason,
    });
  }

  /** A slot is not kept while an event waits for its next turn. */
  async #failed(event: QueuedEvent, functionArn: string, error: unknown): Promise<void> {
    if (!this.#open) return;
    const policy = this.#policyOf(functionArn);
    const next = { ...(await this.#files.putBack(event)), error: event.error ?? messageOf(error) };
    const after = afterFailure(policy, { failures: next.failures, ageMs: Date.now() - next.addedMs });
    // Given up at once; a notice of that waits as the event itself does.
    const isFirstEnd = after.kind === 'give-up' && giveUpReason(event, policy, Date.now()) === undefined;
    const delayMs = isFirstEnd ? 0 : after.kind === 'retry' ? after.delayMs : policy.delayMs(next.failures);
    console.error(`An event for ${functionArn} was not handled (try ${next.failures}):`, error);
    setTimeout(() => {
      this.#due.push(next);
      this.#next();
    }, delayMs).unref();
  }

  #policyOf(functionArn: string): RetryPolicy {
    return this.#settings.functions.find(functionArn)?.retries ?? LAMBDA_DEFAULTS;
  }
}

/** Lambda keeps a kilobyte of it. */
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).slice(0, 1024);
