/** Lets as many read values at once as fit into so many bytes. One that is larger than all of it goes alone. */
export class Budget {
  readonly #bytes: number;
  readonly #line: { bytes: number; go: () => void }[] = [];
  #used = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  async within<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#line.length > 0 || !this.#fits(bytes)) await new Promise<void>((go) => this.#line.push({ bytes, go }));
    else this.#used += bytes;
    try {
      return await work();
    } finally {
      this.#used -= bytes;
      this.#admit();
    }
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#bytes;
  }

  #admit(): void {
    for (let next = this.#line[0]; next && this.#fits(next.bytes); next = this.#line[0]) {
      this.#line.shift();
      this.#used += next.bytes;
      next.go();
    }
  }
}
