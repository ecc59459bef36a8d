const DAY_MS = 86_400_000;
/** Days whose offset is remembered in one zone before all are forgotten. */
const MOST_DAYS = 20_000;

/** What a wall clock shows, as milliseconds since 1970 on that clock: `Date.UTC` of its fields. */
export type Wall = number;

/** Where a time of the wall clock lies: nowhere (the clock jumped over it), once, or twice. Instants are milliseconds since 1970, UTC. */
export type Lies =
  | { kind: 'gap'; shifted: number }
  | { kind: 'once'; at: number }
  | { kind: 'twice'; first: number; second: number };

/** The instant at which a clock is put forward or back, and its offsets before and from then on, in milliseconds. */
export interface ClockChange {
  at: number;
  before: number;
  after: number;
}

/** The clock of one time zone. */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  /** Offsets of whole days (UTC); null for a day within which the clock changes. */
  readonly #days = new Map<number, number | null>();

  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  }

  /** Milliseconds that the wall clock is ahead of UTC. */
  offsetAt(instant: number): number {
    const day = Math.floor(instant / DAY_MS);
    const known = this.#days.get(day);
    if (known !== undefined) return known ?? this.#read(instant);
    const [begins, ends] = [this.#read(day * DAY_MS), this.#read((day + 1) * DAY_MS)];
    if (this.#days.size >= MOST_DAYS) this.#days.clear();
    this.#days.set(day, begins === ends ? begins : null);
    return begins === ends ? begins : this.#read(instant);
  }

  wallAt(instant: number): Wall {
    return instant + this.offsetAt(instant);
  }

  /** A time that the clock jumps over is shifted by the jump: 02:30 becomes 03:30 when the hour from 02:00 is left out. */
  find(wall: Wall): Lies {
    const before = this.offsetAt(wall - DAY_MS);
    const after = this.offsetAt(wall + DAY_MS);
    const first = wall - Math.max(before, after);
    if (before === after) return { kind: 'once', at: first };
    const second = wall - Math.min(before, after);
    const found = [first, second].filter((instant) => this.wallAt(instant) === wall);
    if (found.length === 2) return { kind: 'twice', first, second };
    return found[0] === undefined ? { kind: 'gap', shifted: wall - before } : { kind: 'once', at: found[0] };
  }

  /** Its changes behind an instant, up to another one. */
  *changes(fromMs: number, toMs: number): Generator<ClockChange> {
    for (let low = fromMs; low < toMs; low += DAY_MS) {
      const high = Math.min(low + DAY_MS, toMs);
      const [before, after] = [this.offsetAt(low), this.offsetAt(high)];
      if (before !== after) yield { at: this.#changeWithin(low, high), before, after };
    }
  }

  /** The first instant at which the offset is no longer that of `low`. */
  #changeWithin(low: number, high: number): number {
    if (high - low <= 1) return high;
    const middle = Math.floor((low + high) / 2);
    return this.offsetAt(middle) === this.offsetAt(low) ? this.#changeWithin(middle, high) : this.#changeWithin(low, middle);
  }

  #read(instant: number): number {
    const [, sign, hours, minutes, seconds = '0'] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(this.#format.format(instant)) ?? [];
    if (sign === undefined) return 0;
    const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -ms : ms;
  }
}

const zones = new Map<string, Zone>();

/** The zone of that name in the IANA database, if there is one. */
export function zoneOf(name: string): Zone | undefined {
  const known = zones.get(name);
  if (known) return known;
  // Intl takes offsets such as +01:00 too; they know no daylight saving, which is what a zone is for.
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/.test(name)) return undefined;
  try {
    const zone = new Zone(name);
    zones.set(name, zone);
    return zone;
  } catch {
    return undefined;
  }
}

/** The zone of a schedule, which was there when it was saved. */
export function knownZone(name: string): Zone {
  const zone = zoneOf(name);
  if (!zone) throw new Error(`The time zone ${name} was known once and is not now.`);
  return zone;
}

/** `2026-03-29T03:30:00` */
export const wallText = (wall: Wall) => new Date(wall).toISOString().slice(0, 19);

/** `+02:00` */
export function offsetText(offsetMs: number): string {
  const minutes = Math.abs(Math.round(offsetMs / 60_000));
  const two = (value: number) => String(value).padStart(2, '0');
  return `${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
