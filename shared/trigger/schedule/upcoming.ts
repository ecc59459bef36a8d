import { candidates, type Fire } from './fires.ts';
import type { ScheduleOwner, Schedules } from './ports.ts';
import { type Schedule, timingOf } from './schedule.ts';
import { type ClockChange, knownZone } from './zone.ts';

/** A fire of a schedule that lies ahead, or a time that a clock change leaves out. */
export interface Upcoming {
  schedule: Schedule;
  fire: Fire;
}

/** Where a page of fires has ended. */
export interface Place {
  at: number;
  scheduleId: string;
}

/** Between two instants, both included, in milliseconds; behind a place where a page before has ended. */
export interface Ahead {
  from: number;
  to: number;
  behind?: Place | undefined;
}

/** Schedules whose fires one answer computes. */
const MOST_SCHEDULES = 1_000;
const READ_AT_ONCE = 100;

/** Schedules that are on, the newest of them where there are too many for one answer. */
export async function schedulesOf(
  { schedules }: { schedules: Pick<Schedules, 'list'> },
  owner: ScheduleOwner,
): Promise<{ found: Schedule[]; isAll: boolean }> {
  const found: Schedule[] = [];
  let token: string | undefined;
  do {
    const page = await schedules.list(owner, { limit: READ_AT_ONCE, token });
    found.push(...page.items);
    token = page.next;
  } while (token !== undefined && found.length < MOST_SCHEDULES);
  return { found: found.filter(({ enabled }) => enabled), isAll: token === undefined };
}

/** The next fires of all the schedules in the order of their times, so many of them; `end` is where they end when there are more. */
export function upcomingFires(schedules: Schedule[], ahead: Ahead, limit: number): { fires: Upcoming[]; end: Place | undefined } {
  const lines = schedules
    .map((schedule) => new Line(schedule, ahead))
    .toSorted((a, b) => (a.schedule.id < b.schedule.id ? -1 : 1));
  const fires: Upcoming[] = [];
  for (;;) {
    const next = earliest(lines);
    if (!next) return { fires, end: undefined };
    if (fires.length >= limit) return { fires, end: placeOf(fires.at(-1)) };
    // All of one instant stand on one page: its end is known by schedule and instant.
    fires.push(...next.take());
  }
}

/** The fires of one schedule within the window, instant by instant. */
class Line {
  readonly schedule: Schedule;
  readonly #fires: Generator<Fire>;
  readonly #to: number;
  #next: Fire | undefined;

  constructor(schedule: Schedule, { from, to, behind }: Ahead) {
    this.schedule = schedule;
    this.#to = to;
    this.#fires = candidates(timingOf(schedule), Math.max(from, behind?.at ?? from));
    this.#read();
    while (behind && this.#next?.at === behind.at && schedule.id <= behind.scheduleId) this.#read();
  }

  get at(): number | undefined {
    return this.#next?.at;
  }

  take(): Upcoming[] {
    const { at, schedule } = this;
    const taken: Upcoming[] = [];
    for (let fire = this.#next; fire && fire.at === at; fire = this.#next) {
      taken.push({ schedule, fire });
      this.#read();
    }
    return taken;
  }

  #read(): void {
    const { value } = this.#fires.next();
    this.#next = value && value.at <= this.#to ? value : undefined;
  }
}

/** Of several at one instant the first. */
const earliest = (lines: Line[]): Line | undefined =>
  lines.reduce<Line | undefined>((best, line) => {
    if (line.at === undefined) return best;
    return best?.at === undefined || line.at < best.at ? line : best;
  }, undefined);

const placeOf = (last: Upcoming | undefined): Place | undefined => last && { at: last.fire.at, scheduleId: last.schedule.id };

/** When the clocks of these schedules change in the window, each zone once. */
export function clockChanges(schedules: Schedule[], { from, to }: Ahead): ({ timezone: string } & ClockChange)[] {
  const zones = [...new Set(schedules.map(({ timezone }) => timezone))];
  return zones
    .flatMap((timezone) => [...knownZone(timezone).changes(from, to)].map((change) => ({ timezone, ...change })))
    .toSorted((a, b) => a.at - b.at || (a.timezone < b.timezone ? -1 : 1));
}
