import { candidates, type Fire, type Timing } from './fires.ts';
import { offsetText, wallText, zoneOf } from './zone.ts';

/** A fire as people read it. */
export interface Previewed {
  at: string;
  /** What the wall clock shows then. */
  local: string;
  offset: string;
  /** How a clock change touches it: moved over a gap, first or second of two. */
  mark: 'shifted' | 'first' | 'second' | null;
  /** The time it was meant for, when it was moved. */
  meant: string | null;
  /** The clock changes between the fire before and this one. */
  clockChange: { from: string; to: string } | null;
}

export interface Preview {
  items: Previewed[];
  /** Times among them that the rules for clock changes leave out. */
  leftOut: { local: string; reason: 'gap' | 'first' | 'second' }[];
}

/** The next fires after an instant, with what clock changes do to them. */
export function previewOf(timing: Timing, after: Date, count: number): Preview {
  const zone = zoneOf(timing.timezone);
  if (!zone) throw new Error(`The time zone ${timing.timezone} was known once and is not now.`);
  const preview: Preview = { items: [], leftOut: [] };
  let offset = zone.offsetAt(after.getTime());
  for (const fire of candidates(timing, after.getTime() + 1)) {
    if (fire.leftOut) {
      preview.leftOut.push({ local: wallText(fire.wall), reason: reasonOf(fire) });
      continue;
    }
    const now = zone.offsetAt(fire.at);
    const moved = fire.mark === 'shifted';
    preview.items.push({
      at: new Date(fire.at).toISOString(),
      local: wallText(zone.wallAt(fire.at)),
      offset: offsetText(now),
      mark: fire.mark === 'gap' ? null : (fire.mark ?? null),
      meant: moved ? wallText(fire.wall) : null,
      clockChange: now === offset ? null : { from: offsetText(offset), to: offsetText(now) },
    });
    offset = now;
    if (preview.items.length === count) break;
  }
  return preview;
}

const reasonOf = ({ mark }: Fire) => (mark === 'first' || mark === 'second' ? mark : 'gap');
