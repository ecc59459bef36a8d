import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import * as env from '../kernel/env.ts';
import { parseJson } from '../kernel/json.ts';
import { Problem } from '../kernel/problem.ts';
import { StepError } from '../kernel/step-error.ts';
import type { Computation } from './compute.ts';
import type { Report } from './compute-thread.ts';
import { LIMITS } from './effort.ts';

const ENTRY = new URL('./compute-thread.ts', import.meta.url);
/** Beyond its own limits, a thread is in something that does not look at the time. */
const STOP_AFTER_MS = LIMITS.totalMs + 500;
const MAX_WAIT_MS = 20_000;
const MAX_HEAP_MB = 512;

/** The thread was stopped: its time was over, or its memory full. */
export class ThreadStopped extends Error {}

/** Threads for computations that take their time. Only who asked waits for one, and each can be stopped. */
export class ComputeThreads {
  readonly #idle: Worker[] = [];
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Throws what the computation throws, the reason of the signal, `ThreadStopped`, or `Problem` `busy`. */
  async run(computation: Computation, signal?: AbortSignal): Promise<unknown> {
    await this.#turn(signal);
    try {
      const report = await this.#reportOf(computation, signal);
      if ('value' in report) return report.value;
      throw new StepError(report.error.name, report.error.message);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const limit = limited(signal, MAX_WAIT_MS);
    const giveUp = () => {
      const place = this.#waiting.indexOf(resolve);
      if (place >= 0) this.#waiting.splice(place, 1);
      reject(signal?.aborted ? signal.reason : new Problem('busy', 'Too much that takes long is asked for at once.'));
    };
    limit.addEventListener('abort', giveUp);
    this.#waiting.push(resolve);
    await promise.finally(() => limit.removeEventListener('abort', giveUp));
  }

  async #reportOf(computation: Computation, signal: AbortSignal | undefined): Promise<Report> {
    const thread = this.#idle.pop() ?? newThread();
    thread.ref();
    try {
      const limit = limited(signal, STOP_AFTER_MS);
      const [report] = await Promise.all([
        once(thread, 'message', { signal: limit }),
        thread.postMessage(JSON.stringify(computation)),
      ]);
      thread.unref();
      this.#idle.push(thread);
      // As text: numbers keep their digits.
      return parseJson(report[0]) as Report;
    } catch (error) {
      await thread.terminate();
      throw signal?.aborted ? signal.reason : new ThreadStopped(String(error));
    }
  }
}

function newThread(): Worker {
  const thread = new Worker(ENTRY, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } });
  // Whoever waits for it hears of it; an error that nobody listens to would end the process.
  return thread.on('error', () => {});
}

const limited = (signal: AbortSignal | undefined, ms: number) =>
  signal ? AbortSignal.any([signal, AbortSignal.timeout(ms)]) : AbortSignal.timeout(ms);

let threads: ComputeThreads | undefined;

/** The threads of this process, if it is to have any. */
export function computeThreads(): ComputeThreads | undefined {
  const count = env.expressionThreads();
  if (count > 0) threads ??= new ComputeThreads(count);
  return count > 0 ? threads : undefined;
}
