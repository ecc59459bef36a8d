import type { Result } from '../api/call.ts';
import { DAY, shortClock, useZone, weekday } from '../kit/time.tsx';
import type { RunsSearch } from './filter.ts';
import { OUTCOMES, Stack, saidOf, totalOf } from './outcomes.tsx';

type Bucket = Result<'getRunHistogram'>['items'][number];
const HOUR_MS = 3_600_000;
const MOST_BUCKETS = 72;
const DAYS_SHOWN = 14;

/** Buckets without runs are there too, so that a gap is a gap. */
function filled({ items, bucket }: Result<'getRunHistogram'>, { from, to }: RunsSearch): Bucket[] {
  const size = bucket === 'hour' ? HOUR_MS : DAY;
  const newest = to && items[0] ? Date.parse(items[0].start) : Math.floor(Date.now() / size) * size;
  const oldest = Date.parse(items.at(-1)?.start ?? new Date(newest).toISOString());
  const least = from ? oldest : Math.min(oldest, newest - (DAYS_SHOWN - 1) * size);
  const byStart = new Map(items.map((one) => [Date.parse(one.start), one]));
  const count = Math.min(MOST_BUCKETS, Math.round((newest - least) / size) + 1);
  return Array.from({ length: count }, (_, at) => {
    const start = newest - (count - 1 - at) * size;
    return (
      byStart.get(start) ?? {
        start: new Date(start).toISOString(),
        live: 0,
        succeeded: 0,
        failed: 0,
        timed_out: 0,
        stopped: 0,
        skipped: 0,
      }
    );
  });
}

interface Props {
  histogram: Result<'getRunHistogram'> | undefined;
  search: RunsSearch;
  onRange: (from: string, to: string) => void;
}

/** What became of runs over time; each bar is a link to its runs. */
export function Histogram({ histogram, search, onRange }: Props) {
  useZone();
  if (!histogram) return <div className="histogram" />;
  const buckets = filled(histogram, search);
  const most = Math.max(1, ...buckets.map(totalOf));
  const size = histogram.bucket === 'hour' ? HOUR_MS : DAY;
  const named = (start: string) => (histogram.bucket === 'hour' ? `${weekday(start)} ${shortClock(start)}` : weekday(start));
  return (
    <div className="histogram">
      <div className="bars">
        {buckets.map((bucket) => (
          <button
            key={bucket.start}
            type="button"
            aria-label={`${named(bucket.start)}: ${saidOf(bucket)}`}
            title={`${named(bucket.start)}: ${saidOf(bucket)}`}
            disabled={totalOf(bucket) === 0}
            onClick={() => onRange(bucket.start, new Date(Date.parse(bucket.start) + size).toISOString())}
          >
            <Stack outcomes={bucket} most={most} />
          </button>
        ))}
      </div>
      <div className="axis faint num">
        <span>{buckets[0] && named(buckets[0].start)}</span>
        <span>{buckets.at(-1) && named(buckets.at(-1)?.start ?? '')}</span>
      </div>
    </div>
  );
}

const STRIP = [
  ['', 'All', 'idle', OUTCOMES],
  ['failed,timed_out', 'Failed', 'bad', ['failed', 'timed_out']],
  ['pending,running,waiting,paused,draining', 'Live', 'active', ['live']],
  ['succeeded', 'Succeeded', 'good', ['succeeded']],
  ['stopped', 'Stopped', 'idle', ['stopped']],
  ['skipped', 'Skipped', 'idle', ['skipped']],
] as const;

/** How many there are in each state; each number is a filter. */
export function StatusStrip({
  histogram,
  status = '',
  onStatus,
}: {
  histogram: Result<'getRunHistogram'> | undefined;
  status: string | undefined;
  onStatus: (status: string) => void;
}) {
  const items = histogram?.items ?? [];
  const more = histogram?.searched_to ? '+' : '';
  return (
    <div className="strip">
      {STRIP.map(([value, word, tone, outcomes]) => {
        const count = items.reduce((sum, bucket) => sum + outcomes.reduce((inner, outcome) => inner + bucket[outcome], 0), 0);
        return (
          <button
            key={word}
            type="button"
            className={`${tone}${count === 0 ? ' none' : ''}`}
            aria-pressed={status === value}
            onClick={() => onStatus(value)}
          >
            <span>{word}</span>
            <b className="num">
              {/* Nothing is known yet: that is no nought. */}
              {histogram ? count.toLocaleString('en') : '…'}
              {count > 0 && more}
            </b>
          </button>
        );
      })}
    </div>
  );
}
