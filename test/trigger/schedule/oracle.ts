import { CronExpressionParser } from 'cron-parser';
import { DateTime } from 'luxon';
import type { DstRules } from '../../../shared/trigger/schedule/fires.ts';

/**
 * The fires of a Unix cron by other libraries: cron-parser lists the times of a clock that never changes, luxon says where each lies on the clock of the zone.
 */
export function otherFires(cron: string, zone: string, { gap, overlap }: DstRules, from: string, to: string): string[] {
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  const day = 86_400_000;
  if (neverComes(cron)) return [];
  const times = CronExpressionParser.parse(cron, {
    tz: 'UTC',
    currentDate: new Date(begin - 2 * day - 1),
    endDate: new Date(end + 2 * day),
  });
  const found = new Set<number>();
  while (times.hasNext()) {
    const wall = times.next().toDate().toISOString().slice(0, 19);
    for (const at of whereOf(wall, zone, gap, overlap)) if (at >= begin && at < end) found.add(at);
  }
  return [...found].sort((a, b) => a - b).map((at) => new Date(at).toISOString());
}

function whereOf(wall: string, zone: string, gap: DstRules['gap'], overlap: DstRules['overlap']): number[] {
  const local = DateTime.fromISO(wall, { zone });
  // luxon moves what lies in a gap forward by the gap.
  if (local.toFormat("yyyy-MM-dd'T'HH:mm:ss") !== wall) return gap === 'shift' ? [local.toMillis()] : [];
  const both = local
    .getPossibleOffsets()
    .map((one) => one.toMillis())
    .sort((a, b) => a - b);
  if (both.length === 1 || overlap === 'both') return both;
  return overlap === 'first' ? both.slice(0, 1) : both.slice(-1);
}

/** cron-parser refuses dates that no month has. */
function neverComes(cron: string): boolean {
  try {
    CronExpressionParser.parse(cron, { tz: 'UTC' });
    return false;
  } catch (error) {
    if (error instanceof Error && error.message === 'Invalid explicit day of month definition') return true;
    throw error;
  }
}
