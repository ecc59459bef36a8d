import type { RunStatus } from '../model/status.ts';

export const BUCKETS = ['hour', 'day'] as const;
export type BucketSize = (typeof BUCKETS)[number];

/** So many runs of the same time that came to the same; one, when it is not said. */
export interface Tally {
  createdAt: string;
  status: RunStatus;
  count?: number | undefined;
}

/** What became of the runs of an hour or a day, and how many of them live. */
export interface Bucket {
  start: string;
  outcomes: Partial<Record<RunStatus, number>>;
}

const lengthOf = { hour: 'YYYY-MM-DDTHH'.length, day: 'YYYY-MM-DD'.length };
const restOf = { hour: ':00:00.000Z', day: 'T00:00:00.000Z' };

/** Runs by when they were created (UTC) and what became of them, newest first; a time without runs has no bucket. */
export function histogramOf(runs: Iterable<Tally>, size: BucketSize): Bucket[] {
  const buckets = new Map<string, Bucket>();
  for (const { createdAt, status, count = 1 } of runs) {
    const start = createdAt.slice(0, lengthOf[size]) + restOf[size];
    const bucket = buckets.get(start) ?? { start, outcomes: {} };
    bucket.outcomes[status] = (bucket.outcomes[status] ?? 0) + count;
    buckets.set(start, bucket);
  }
  // What is counted and what is taken away may leave nothing.
  return [...buckets.values()]
    .map(({ start, outcomes }) => ({
      start,
      outcomes: Object.fromEntries(Object.entries(outcomes).filter(([, count]) => count > 0)),
    }))
    .filter(({ outcomes }) => Object.keys(outcomes).length > 0)
    .toSorted((a, b) => (a.start < b.start ? 1 : -1));
}
