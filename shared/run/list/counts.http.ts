import * as z from 'zod';
import { time } from '../../edge/schema.ts';
import { isTerminal, RUN_STATUSES, type RunStatus } from '../model/status.ts';
import { BUCKETS, type Bucket, type BucketSize } from '../read/histogram.ts';

export const runCount = z
  .object({
    count: z.int(),
    exact: z.boolean().meta({ description: 'False when there are at least so many' }),
  })
  .meta({ id: 'RunCount' });

const bucket = z.object({
  start: time.meta({ description: 'The hour or the day, UTC, in which the runs were created' }),
  live: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  timed_out: z.int(),
  stopped: z.int(),
  skipped: z.int(),
});

export const runHistogram = z
  .object({
    bucket: z.enum(BUCKETS),
    items: z.array(bucket).meta({ description: 'Newest first, without those in which no run was created' }),
    searched_to: time.nullable().meta({ description: 'The time down to which it has looked, when there are older runs' }),
  })
  .meta({ id: 'RunHistogram' });

export const histogramView = (size: BucketSize, buckets: Bucket[], searchedTo: string | undefined) => ({
  bucket: size,
  items: buckets.map(bucketView),
  searched_to: searchedTo ?? null,
});

const LIVE = RUN_STATUSES.filter((status) => !isTerminal(status));

function bucketView({ start, outcomes }: Bucket): z.infer<typeof bucket> {
  const sum = (...statuses: RunStatus[]) => statuses.reduce((count, status) => count + (outcomes[status] ?? 0), 0);
  return {
    start,
    live: sum(...LIVE),
    succeeded: sum('succeeded'),
    failed: sum('failed'),
    timed_out: sum('timed_out'),
    stopped: sum('cancelled'),
    skipped: sum('skipped'),
  };
}
