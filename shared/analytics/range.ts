import { Problem } from '../kernel/problem.ts';
import { type HourRange, hoursTouched } from './hours.ts';

const DAY_MS = 86_400_000;
const USUAL_DAYS = 7;
const MOST_DAYS = 92;

/** The whole hours that are asked for, up to now. Throws `invalid` for what is empty or too long. */
export function rangeOf({ from, to }: { from?: string | undefined; to?: string | undefined }, now: Date): HourRange {
  const end = Math.min(to === undefined ? now.getTime() : Date.parse(to), now.getTime());
  const start = from === undefined ? end - USUAL_DAYS * DAY_MS : Math.max(0, Date.parse(from));
  if (start >= end)
    throw new Problem('invalid', 'from must be before to, and before now.', [
      { name: 'from', value: from ?? new Date(start).toISOString() },
    ]);
  if (end - start > MOST_DAYS * DAY_MS)
    throw new Problem('invalid', `from and to may be ${MOST_DAYS} days apart at most.`, [{ name: 'from', value: from ?? '' }]);
  return hoursTouched(new Date(start), new Date(end));
}
