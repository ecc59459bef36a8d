import * as z from 'zod';
import { Problem } from '../kernel/problem.ts';

const instant = z.iso.datetime({ offset: true });

/** When runs of a workspace are accepted and do not begin. */
export const maintenance = z.strictObject({ from: instant, until: instant, reason: z.string().max(500).optional() });
export type Maintenance = z.infer<typeof maintenance>;

const LONGEST_MS = 30 * 86_400_000;

/** Until when nothing begins; undefined when it may. */
export function closedUntil(window: Maintenance | undefined, now: Date): string | undefined {
  if (!window) return undefined;
  const isOn = Date.parse(window.from) <= now.getTime() && now.getTime() < Date.parse(window.until);
  return isOn ? new Date(window.until).toISOString() : undefined;
}

/** Throws `invalid` for a window that is over before it begins, or too long. */
export function checkMaintenance({ from, until }: Maintenance): void {
  const ms = Date.parse(until) - Date.parse(from);
  if (ms > 0 && ms <= LONGEST_MS) return;
  const what = ms > 0 ? 'A maintenance window has 30 days at most' : 'until must be after from';
  throw new Problem('invalid', `${what}: from ${from} until ${until}.`, [{ name: 'until', value: until }]);
}
