import { useSyncExternalStore } from 'react';
import { isZone, type Zone, zoneName } from './zone.ts';

const PLACE = 'millrun.zone';
const listeners = new Set<() => void>();
const kept = localStorage.getItem(PLACE) ?? '';
let zone: Zone = isZone(kept) ? kept : 'local';

export function setZone(next: Zone): void {
  zone = next;
  localStorage.setItem(PLACE, next);
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** In which zone times are shown: one choice for all pages. */
export const useZone = () => useSyncExternalStore(subscribe, () => zone);

/** To make one takes longer than to use it, and a list uses it for each row: one is made for each zone. */
function formatter(options: Intl.DateTimeFormatOptions): () => Intl.DateTimeFormat {
  const made = new Map<Zone, Intl.DateTimeFormat>();
  return () => {
    const known = made.get(zone) ?? new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zoneName(zone) });
    made.set(zone, known);
    return known;
  };
}

function format(options: Intl.DateTimeFormatOptions) {
  const own = formatter(options);
  return (at: string | number | Date) => own().format(new Date(at));
}

const named = formatter({ timeZoneName: 'short' });
const shortName = (at: string) =>
  named()
    .formatToParts(new Date(at))
    .find(({ type }) => type === 'timeZoneName')?.value ?? '';

export const clock = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const shortClock = format({ hour: '2-digit', minute: '2-digit' });
export const weekday = format({ weekday: 'short', day: 'numeric', month: 'short' });
const dated = format({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const whole = format({ year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** With its zone, as it goes into tickets. */
const absolute = (at: string) => `${whole(at)} ${shortName(at)}`;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

function relative(at: string, now: number): string {
  const distance = now - Date.parse(at);
  const ago = Math.abs(distance);
  const words =
    ago < 5 * SECOND
      ? 'now'
      : ago < MINUTE
        ? `${Math.round(ago / SECOND)} s`
        : ago < HOUR
          ? `${Math.round(ago / MINUTE)} min`
          : ago < DAY
            ? `${Math.round(ago / HOUR)} h`
            : undefined;
  if (words === undefined) return dated(at);
  if (words === 'now') return words;
  return distance < 0 ? `in ${words}` : `${words} ago`;
}

/** How long something took, in the largest units that say it. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(ms < 10 * SECOND ? 1 : 0)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ${Math.floor((ms % MINUTE) / SECOND)} s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`;
  return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`;
}

/** A clock for all who look at it as often: one timer, and all change together. */
class Clock {
  readonly #everyMs: number;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #now = Date.now();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  readonly watch = (listener: () => void) => {
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#tick(), this.#everyMs);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  };

  /** The same for all that are drawn together; who comes between two ticks finds the time as it is. */
  readonly now = () => {
    if (Math.abs(Date.now() - this.#now) >= TOGETHER_MS) this.#now = Date.now();
    return this.#now;
  };

  #tick(): void {
    this.#now = Date.now();
    for (const listener of this.#listeners) listener();
  }
}

const TOGETHER_MS = 1000;
const clocks = new Map<number, Clock>();

function clockOf(everyMs: number): Clock {
  const known = clocks.get(everyMs) ?? new Clock(everyMs);
  clocks.set(everyMs, known);
  return known;
}

/** The time, told anew every so often. */
export function useNow(everyMs = 10_000): number {
  const { watch, now } = clockOf(everyMs);
  return useSyncExternalStore(watch, now);
}

/** A time as people say it; the exact one, with its zone, on hover. */
export function Time({ at, exact = false }: { at: string; exact?: boolean }) {
  useZone();
  const now = useNow();
  return (
    <time dateTime={at} title={absolute(at)}>
      {exact ? absolute(at) : relative(at, now)}
    </time>
  );
}

/** How long it took, or has taken so far. */
export function Took({ from, to }: { from: string | null; to: string | null }) {
  const now = useNow(to ? 3_600_000 : 1000);
  if (!from) return <span className="faint">-</span>;
  return <span className="num">{duration((to ? Date.parse(to) : now) - Date.parse(from))}</span>;
}
