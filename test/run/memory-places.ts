import type { Run } from '../../shared/run/model/run.ts';
import { type Entered, MOST_BEFORE, type Places, TOLD_WITHIN_MS, type Waiting } from '../../shared/run/ports.ts';

/** Who goes on and who waits, in memory. */
export class MemoryPlaces implements Places {
  readonly #places = new Map<string, { running: Set<string>; called: Map<string, number>; waiting: Map<string, number> }>();

  readonly #now: () => Date;

  constructor(now: () => Date = () => new Date()) {
    this.#now = now;
  }

  /** With the row of a new run. False when there is no room for one that goes on. */
  enter({ id, concurrency }: Run, as: Entered): boolean {
    if (!concurrency) return true;
    const { waiting } = this.#at(concurrency.place);
    if (as === 'running') return this.#add(concurrency.place, { id, limit: concurrency.limit });
    waiting.set(id, concurrency.limit);
    return true;
  }

  async look(place: string) {
    const { running, called } = this.#at(place);
    const before = this.#now().getTime() - TOLD_WITHIN_MS;
    const late = [...called].filter(([, at]) => at <= before).map(([id]) => id);
    return { running: [...running].toSorted(), called: late.toSorted() };
  }

  async waiting(place: string, limit: number): Promise<Waiting[]> {
    const all = [...this.#at(place).waiting].map(([id, own]) => ({ id, limit: own }));
    return all.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
  }

  async call(place: string, run: Waiting): Promise<boolean> {
    const { waiting, called } = this.#at(place);
    if (!waiting.has(run.id) || !this.#add(place, run)) return false;
    waiting.delete(run.id);
    called.set(run.id, this.#now().getTime());
    return true;
  }

  async heard(place: string, runId: string): Promise<void> {
    this.#at(place).called.delete(runId);
  }

  async leave(place: string, runId: string, { waited }: { waited: boolean }): Promise<void> {
    const at = this.#at(place);
    if (waited) at.waiting.delete(runId);
    at.running.delete(runId);
    at.called.delete(runId);
  }

  async before(place: string, runId: string) {
    const count = [...this.#at(place).waiting.keys()].filter((id) => id < runId).length;
    return { count: Math.min(count, MOST_BEFORE), exact: count <= MOST_BEFORE };
  }

  #add(place: string, { id, limit }: Waiting): boolean {
    const { running } = this.#at(place);
    if (running.size >= limit && !running.has(id)) return false;
    running.add(id);
    return true;
  }

  #at(place: string) {
    const known = this.#places.get(place);
    if (known) return known;
    const fresh = { running: new Set<string>(), called: new Map<string, number>(), waiting: new Map<string, number>() };
    this.#places.set(place, fresh);
    return fresh;
  }
}
