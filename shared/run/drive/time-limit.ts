import { StepError } from '../../kernel/step-error.ts';

/** The time that one attempt of a step has for its expressions and its call. Waits for our own stores do not count: they say nothing about the step. */
export class TimeLimit {
  /** Aborted when the time is up, or from outside. */
  readonly signal: AbortSignal;
  readonly #late = new AbortController();
  readonly #seconds: number;
  readonly #now: () => Date;
  #leftMs: number;

  constructor(seconds: number, outer: AbortSignal, now: () => Date) {
    this.signal = AbortSignal.any([outer, this.#late.signal]);
    this.#seconds = seconds;
    this.#now = now;
    this.#leftMs = seconds * 1000;
  }

  /** Does something in the time that is left. What does not heed the signal is not ended by it. */
  async count<T>(work: () => Promise<T>): Promise<T> {
    const begunAt = this.#now().getTime();
    const timer = setTimeout(() => this.#late.abort(this.#timeout()), this.#leftMs);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
      this.#leftMs -= this.#now().getTime() - begunAt;
    }
  }

  #timeout(): StepError {
    return new StepError('Timeout', `The step did not end within ${this.#seconds} s.`);
  }
}
