/** The steps that a driver is at. Each has a signal by which it is given up. */
export class Held {
  readonly #steps = new Map<string, AbortController>();
  readonly #failed: (error: unknown) => void;
  #changed = Promise.withResolvers<void>();

  /** `failed` is handed what the work of a step throws. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  get keys(): ReadonlySet<string> {
    return this.#keys;
  }

  readonly #keys = new Set<string>();

  get size(): number {
    return this.#keys.size;
  }

  /** Runs `work` for a step; whoever waits for a change hears of its end. */
  hold(key: string, work: (signal: AbortSignal) => Promise<void>): void {
    const controller = new AbortController();
    this.#steps.set(key, controller);
    this.#keys.add(key);
    work(controller.signal)
      .catch(this.#failed)
      .finally(() => {
        this.#steps.delete(key);
        this.#keys.delete(key);
        this.notify();
      });
  }

  abort(key: string, reason: unknown): void {
    this.#steps.get(key)?.abort(reason);
  }

  abortAll(reason: unknown): void {
    for (const controller of this.#steps.values()) controller.abort(reason);
  }

  /** Resolves when nothing is held, or after that time. */
  async idle(withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    while (this.size > 0 && performance.now() < until) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, until - performance.now());
      await Promise.race([this.changed, promise]);
      clearTimeout(timer);
    }
  }

  /** Resolves at the next change. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}
