/** How often a mail tells what has happened. */
export const DIGESTS = ['hour', 'day'] as const;
export type Digest = (typeof DIGESTS)[number];

const HOUR_MS = 3_600_000;
/** Before people begin to work. */
const DAILY_AT_HOURS = 5;

/** When the mail goes out that tells what happens now: at the next full hour, or at the next 05:00 (UTC). */
export function nextDigest(every: Digest, now: Date): Date {
  if (every === 'hour') return new Date((Math.floor(now.getTime() / HOUR_MS) + 1) * HOUR_MS);
  const today = new Date(now).setUTCHours(DAILY_AT_HOURS, 0, 0, 0);
  return new Date(today > now.getTime() ? today : today + 24 * HOUR_MS);
}
