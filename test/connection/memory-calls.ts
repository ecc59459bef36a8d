import { type Call, type Calls, callOf } from '../../shared/connection/calls.ts';
import { type Rate, spacingOf } from '../../shared/connection/limits.ts';

const CALLED_MS = 60_000;

interface Line {
  running: Map<string, number>;
  called: Set<string>;
  waiting: Map<string, number>;
  rates: Map<string, number>;
}

const placeOf = ({ runId, stepKey }: Call) => `${runId} ${stepKey}`;

/** How many call through connections, and how often, in memory. */
export class MemoryCalls implements Calls {
  readonly #lines = new Map<string, Line>();
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  async reserve(connection: string, rate: Rate): Promise<Date> {
    const { intervalMs, burst } = spacingOf(rate);
    const { rates } = this.#at(connection);
    const name = JSON.stringify(rate);
    const free = Math.max(rates.get(name) ?? 0, this.#now().getTime() - (burst - 1) * intervalMs);
    rates.set(name, free + intervalMs);
    return new Date(free);
  }

  async enter(connection: string, call: Call, { limit, until }: { limit: number; until: Date }) {
    const { running, waiting } = this.#at(connection);
    const place = placeOf(call);
    const hasRoom = running.has(place) || (running.size < limit && waiting.size === 0);
    if (hasRoom) running.set(place, until.getTime());
    return { entered: hasRoom, before: hasRoom ? 0 : waiting.size };
  }

  async wait(connection: string, ticket: string, limit: number): Promise<void> {
    this.#at(connection).waiting.set(ticket, limit);
  }

  async leave(connection: string, call: Call): Promise<void> {
    this.#at(connection).running.delete(placeOf(call));
  }

  async look(connection: string) {
    const { running, called } = this.#at(connection);
    return { running: [...running.keys()], called: [...called] };
  }

  async waiting(connection: string, most: number) {
    const all = [...this.#at(connection).waiting].map(([id, limit]) => ({ id, limit }));
    return all.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, most);
  }

  async call(connection: string, { id, limit }: { id: string; limit: number }): Promise<boolean> {
    const { running, called, waiting } = this.#at(connection);
    if (!waiting.has(id) || running.size >= limit) return false;
    waiting.delete(id);
    called.add(id);
    running.set(placeOf(callOf(id)), this.#now().getTime() + CALLED_MS);
    return true;
  }

  async heard(connection: string, ticket: string): Promise<void> {
    this.#at(connection).called.delete(ticket);
  }

  /** Without the places whose time is over. */
  #at(connection: string): Line {
    const known = this.#lines.get(connection) ?? {
      running: new Map(),
      called: new Set<string>(),
      waiting: new Map(),
      rates: new Map(),
    };
    this.#lines.set(connection, known);
    for (const [place, untilMs] of known.running) if (untilMs < this.#now().getTime()) known.running.delete(place);
    return known;
  }
}
