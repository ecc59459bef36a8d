/** Lets so many do something at once; the others wait in line. */
export class Slots {
  #free: number;
  readonly #line = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when it is one's turn, with what ends it. Rejects with the reason of the signal. */
  async take(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    let taken = true;
    return () => {
      if (taken) this.#next();
      taken = false;
    };
  }

  /** Does it when it is its turn. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const giveBack = await this.take();
    try {
      return await task();
    } finally {
      giveBack();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#line.delete(go);
        reject(signal?.reason);
      };
      const go = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      this.#line.add(go);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #next(): void {
    const [go] = this.#line;
    if (!go) {
      this.#free += 1;
      return;
    }
    this.#line.delete(go);
    go();
  }
}
