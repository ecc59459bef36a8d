import type { RunStatus } from '../model/status.ts';
import type { Newest } from '../ports.ts';

export const BUCKETS = ['hour', 'day'] as const;
export type BucketSize = (typeof BUCKETS)[number];

/** What became of the runs of an hour or a day, and how many of them live. */
export interface Bucket {
  start: string;
  outcomes: Partial<Record<RunStatus, number>>;
}

const lengthOf = { hour: 'YYYY-MM-DDTHH'.length, day: 'YYYY-MM-DD'.length };
const restOf = { hour: ':00:00.000Z', day: 'T00:00:00.000Z' };

/** Runs by when they were created (UTC) and what became of them, newest first; a time without runs has no bucket. */
export function histogramOf(runs: Newest['items'], size: BucketSize): Bucket[] {
  const buckets = new Map<string, Bucket>();
  for (const { createdAt, status } of runs) {
    const start = createdAt.slice(0, lengthOf[size]) + restOf[size];
    const bucket = buckets.get(start) ?? { start, outcomes: {} };
    bucket.outcomes[status] = (bucket.outcomes[status] ?? 0) + 1;
    buckets.set(start, bucket);
  }
  return [...buckets.values()];
}
