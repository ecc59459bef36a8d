import { candidates, type Fire, type Timing } from './fires.ts';
import { knownZone, offsetText, wallText, type Zone } from './zone.ts';

/** A fire as people read it. */
export interface ReadableFire {
  at: string;
  /** What the wall clock shows then. */
  local: string;
  offset: string;
  /** How a clock change touches it: moved over a gap, first or second of two. */
  mark: 'shifted' | 'first' | 'second' | null;
  /** The time it was meant for, when it was moved. */
  meant: string | null;
}

export interface Previewed extends ReadableFire {
  /** The clock changes between the fire before and this one. */
  clockChange: { from: string; to: string } | null;
}

/** A time that the rules for clock changes leave out. */
export interface LeftOut {
  local: string;
  reason: 'gap' | 'first' | 'second';
}

export interface Preview {
  items: Previewed[];
  leftOut: LeftOut[];
}

/** The next fires after an instant, with what clock changes do to them. */
export function previewOf(timing: Timing, after: Date, count: number): Preview {
  const zone = knownZone(timing.timezone);
  const preview: Preview = { items: [], leftOut: [] };
  let offset = zone.offsetAt(after.getTime());
  for (const fire of candidates(timing, after.getTime() + 1)) {
    if (fire.leftOut) {
      preview.leftOut.push(leftOutTime(fire));
      continue;
    }
    const now = zone.offsetAt(fire.at);
    const clockChange = now === offset ? null : { from: offsetText(offset), to: offsetText(now) };
    preview.items.push({ ...readableFire(zone, fire), clockChange });
    offset = now;
    if (preview.items.length === count) break;
  }
  return preview;
}

export const readableFire = (zone: Zone, { at, wall, mark }: Fire): ReadableFire => ({
  at: new Date(at).toISOString(),
  local: wallText(zone.wallAt(at)),
  offset: offsetText(zone.offsetAt(at)),
  mark: mark === 'gap' ? null : (mark ?? null),
  meant: mark === 'shifted' ? wallText(wall) : null,
});

export const leftOutTime = ({ wall, mark }: Fire): LeftOut => ({
  local: wallText(wall),
  reason: mark === 'first' || mark === 'second' ? mark : 'gap',
});
