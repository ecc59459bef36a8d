import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { within } from './watchdog.ts';
import { MAX_WEIGHT, weightOf } from './weight.ts';

/** What one evaluation may take. */
export interface Limits {
  /** All expressions of a template together. */
  totalMs: number;
  expressionMs: number;
  /** Parts of expressions that are evaluated. */
  steps: number;
  characters: number;
  weight: number;
  /** Instructions of a pattern times characters of the text: of one search, or of all of them in a glimpse. */
  regexSteps: number;
  /** False: whatever needs more is not wrong, it belongs elsewhere. */
  final: boolean;
}

export const LIMITS: Limits = {
  totalMs: 5_000,
  expressionMs: 1_000,
  steps: Number.POSITIVE_INFINITY,
  characters: 10 * 1024 * 1024,
  weight: MAX_WEIGHT,
  regexSteps: 500_000_000,
  final: true,
};

/**
 * What nobody else notices, even where a function of JSONata that nothing interrupts takes the square of it. Counted in steps: what others do between
 * them is no fault of the expression.
 */
export const GLIMPSE: Limits = {
  totalMs: Number.POSITIVE_INFINITY,
  expressionMs: Number.POSITIVE_INFINITY,
  steps: 2_000,
  characters: 100_000,
  weight: 5_000,
  regexSteps: 200_000,
  final: false,
};

/** The same for expressions that call no function. */
export const GLIMPSE_OF_PATHS: Limits = { ...GLIMPSE, weight: MAX_WEIGHT };

/** More work than a glimpse allows. */
export class Laborious extends Error {}

/** So long others wait for their turn. */
const SLICE_MS = 10;
/** Some two seconds. A watchdog is a thread each time, and a text can be searched a hundred thousand times. */
const WATCHED_STEPS = 100_000_000;
const MAX_REMEMBERED = 1_000;

/** Sources of expressions that needed more than a glimpse before. */
const laborious = new Set<string>();

const current = new AsyncLocalStorage<Effort>();

/** One evaluation: how long it has taken, and whether somebody has called it off. */
export class Effort {
  readonly #limits: Limits;
  readonly #signal: AbortSignal | undefined;
  readonly #end: number;
  #expressionEnd: number;
  #turnEnd: number;
  #source = '';
  #steps = 0;
  #regexSteps = 0;
  #begunAt = process.threadCpuUsage();

  constructor(limits: Limits, signal?: AbortSignal) {
    const now = performance.now();
    this.#limits = limits;
    this.#signal = signal;
    this.#end = now + limits.totalMs;
    this.#expressionEnd = this.#end;
    this.#turnEnd = now + SLICE_MS;
  }

  /** The evaluation that the caller is part of. */
  static get current(): Effort {
    const effort = current.getStore();
    if (!effort) throw new Error('nothing is being evaluated');
    return effort;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return current.run(this, work);
  }

  /** The next expression has its time from here on. */
  begin(source: string): void {
    this.#signal?.throwIfAborted();
    if (!this.#limits.final && laborious.has(source)) throw new Laborious();
    this.#source = source;
    this.#begunAt = process.threadCpuUsage();
    this.#expressionEnd = Math.min(this.#end, performance.now() + this.#limits.expressionMs);
    this.checkTime();
  }

  /** Whether an error is no fault of the expression. */
  isBeside(error: unknown): boolean {
    return error instanceof Laborious || this.#signal?.aborted === true;
  }

  checkTime(): void {
    if (performance.now() <= this.#expressionEnd) return;
    const leftMs = this.#processorMsLeft();
    if (leftMs <= 0 || performance.now() > this.#end) throw this.#late();
    this.#expressionEnd = Math.min(this.#end, performance.now() + leftMs);
  }

  /** A busy machine is no fault of the expression: what counts is the time that it had the processor. */
  #processorMsLeft(): number {
    const { user, system } = process.threadCpuUsage(this.#begunAt);
    return this.#limits.expressionMs - (user + system) / 1000;
  }

  checkText(characters: number): void {
    const most = this.#limits.characters;
    if (characters > most) throw this.#tooMuch(`the text has ${characters} characters, at most ${most} are allowed`);
  }

  checkWeight(value: object): void {
    if (weightOf(value) > this.#limits.weight) throw this.#tooMuch('the value is too large');
  }

  /** Runs one search of a regular expression. */
  search<T>(steps: number, run: () => T): T {
    this.checkTime();
    this.#regexSteps = this.#limits.final ? steps : this.#regexSteps + steps;
    if (this.#regexSteps > this.#limits.regexSteps) throw this.#tooMuch('the text is too long for this regular expression');
    return steps > WATCHED_STEPS ? this.watched(run) : run();
  }

  /** Runs what cannot look at the time itself. Nothing asynchronous. */
  watched<T>(run: () => T): T {
    this.checkTime();
    try {
      return within(Math.max(1, Math.ceil(Math.min(this.#expressionEnd - performance.now(), LIMITS.expressionMs))), run);
    } catch (error) {
      throw isTimeout(error) ? this.#late() : error;
    }
  }

  /** Checks the time, and lets timers and others have their turn now and then. */
  pause(): Promise<void> | undefined {
    this.#steps += 1;
    if (this.#steps > this.#limits.steps) throw this.#tooMuch('the expression takes too many steps');
    this.checkTime();
    return this.#limits.final && performance.now() > this.#turnEnd ? this.#yield() : undefined;
  }

  async #yield(): Promise<void> {
    await turn();
    this.#signal?.throwIfAborted();
    this.#turnEnd = performance.now() + SLICE_MS;
  }

  #late(): Error {
    const together = performance.now() > this.#end;
    return this.#tooMuch(
      together
        ? `the expressions take longer than ${this.#limits.totalMs / 1000} seconds together`
        : 'the expression takes longer than a second',
    );
  }

  #tooMuch(message: string): Error {
    if (this.#limits.final) return new Error(message);
    if (laborious.size >= MAX_REMEMBERED) laborious.clear();
    laborious.add(this.#source);
    return new Laborious();
  }
}

const isTimeout = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
