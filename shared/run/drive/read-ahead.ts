import type { Journal } from '../journal/journal.ts';

/** Items whose outputs are read at once. */
const ITEMS_AHEAD = 500;

/** Reads in one go what the output of many items most likely stands on: the last step of each list. */
export class ReadAhead {
  readonly #journal: Journal;
  readonly #last: string[];
  readonly #scopeIn: (index?: number) => string;
  readonly #reads = new Map<number, Promise<void>>();

  constructor(journal: Journal, lists: string[][], scopeIn: (index?: number) => string) {
    this.#journal = journal;
    this.#last = lists.flatMap((ids) => ids.slice(-1));
    this.#scopeIn = scopeIn;
  }

  /** Resolves when the outputs of an item, and of those around it, are in memory; without an index, those of the branches. */
  async reach(index: number | undefined): Promise<void> {
    const part = Math.floor((index ?? 0) / ITEMS_AHEAD);
    const read = this.#reads.get(part) ?? this.#read(index === undefined ? [undefined] : itemsOf(part));
    this.#reads.set(part, read);
    await read;
  }

  async #read(indices: (number | undefined)[]): Promise<void> {
    const { state } = this.#journal;
    const keys = indices.flatMap((index) => this.#last.map((id) => this.#scopeIn(index) + id));
    const numbers = keys.flatMap((key) => state.step(key)?.outputAt ?? []);
    if (numbers.length > 1) await this.#journal.entries(numbers);
  }
}

const itemsOf = (part: number) => Array.from({ length: ITEMS_AHEAD }, (_, place) => part * ITEMS_AHEAD + place);
