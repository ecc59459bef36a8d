import { type Zone as Clock, type Wall, zoneOf } from '../../../shared/trigger/schedule/zone.ts';

/** Where times are shown: `local`, as the browser has it, `utc`, or a zone by its name, as schedules have it. */
export type Zone = string;

const LOCAL = Intl.DateTimeFormat().resolvedOptions().timeZone;

export const zoneName = (zone: Zone) => (zone === 'utc' ? 'UTC' : zone === 'local' ? LOCAL : zone);

/** As people read it. */
export const zoneWords = (zone: Zone) => (zone === 'utc' ? 'UTC' : zone === 'local' ? 'local time' : zone.replaceAll('_', ' '));

export const isZone = (zone: Zone) => clockOf(zone) !== undefined;

const clockOf = (zone: Zone): Clock | undefined => zoneOf(zoneName(zone));

export const wallIn = (zone: Zone, at: number): Wall => clockOf(zone)?.wallAt(at) ?? at;

/** The first instant at which a clock there shows this; where it jumps over it, the one at which it is past it. */
export function instantIn(zone: Zone, wall: Wall): number {
  const lies = clockOf(zone)?.find(wall);
  if (!lies) return wall;
  return lies.kind === 'once' ? lies.at : lies.kind === 'twice' ? lies.first : lies.shifted;
}
