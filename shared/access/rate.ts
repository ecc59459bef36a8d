import { LRUCache } from 'lru-cache';
import * as z from 'zod';

/** Requests a second that one caller may make for long, and how many at once. */
export const rate = z.object({ perSecond: z.number().positive(), burst: z.number().min(1) });
export type Rate = z.infer<typeof rate>;

/** What is left to a caller, and since when. */
interface Bucket {
  tokens: number;
  at: number;
}

/** A bucket after one more request: full after a pause, never above its size. Undefined when it is empty. `now`: in milliseconds. */
function taken({ perSecond, burst }: Rate, bucket: Bucket | undefined, now: number): Bucket | undefined {
  const tokens = bucket ? Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond) : burst;
  return tokens < 1 ? undefined : { tokens: tokens - 1, at: now };
}

/** Whether a caller may make one more request. Callers that come again within minutes are remembered, 10,000 of them at most. */
export function rateLimiter(rate: Rate, now: () => number): (caller: string) => boolean {
  const buckets = new LRUCache<string, Bucket>({ max: 10_000 });
  return (caller) => {
    const left = taken(rate, buckets.get(caller), now());
    if (left) buckets.set(caller, left);
    return left !== undefined;
  };
}
