import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Result } from '../api/call.ts';
import { DAY, duration, shortClock, useZone, weekday } from '../kit/time.tsx';
import type { RunsSearch } from '../runs/filter.ts';
import { Stack, saidOf, totalOf } from '../runs/outcomes.tsx';

export type Overview = Result<'getAnalyticsOverview'>;

export const percent = (share: number | null) =>
  share === null ? 'none' : `${(share * 100).toFixed(share < 1 && share > 0.995 ? 2 : 1)} %`;
export const took = (ms: number | null) => (ms === null ? '' : duration(ms));
const HOUR_MS = 3_600_000;

/** The runs that have been counted: of these times, archived ones too. A list includes its end, figures do not. */
export const countedRuns = ({ from, to }: { from: string; to: string }, more: RunsSearch): RunsSearch => ({
  ...more,
  from,
  to: new Date(Date.parse(to) - 1).toISOString(),
  archived: 'any',
});

/** A number that leads to its runs. */
export const RunsLink = ({
  search,
  children,
  className = '',
}: {
  search: RunsSearch;
  children: ReactNode;
  className?: string;
}) => (
  <Link to="/runs" search={search} className={`num ${className}`}>
    {children}
  </Link>
);

const Figure = ({ name, children, hint }: { name: string; children: ReactNode; hint?: string }) => (
  <div className="figure" title={hint}>
    <dt>{name}</dt>
    <dd className="num">{children}</dd>
  </div>
);

/** What matters first: how many, how many of them well, how many of those without anybody. */
export function Figures({ figures, search }: { figures: Overview; search: RunsSearch }) {
  const of = (status: string) => countedRuns(figures, { ...search, ...(status && { status }) });
  const count = (number: number) => number.toLocaleString('en');
  return (
    <dl className="figures">
      <Figure name="Runs ended">
        <RunsLink search={of('succeeded,failed,timed_out,stopped,skipped')}>{count(figures.runs)}</RunsLink>
      </Figure>
      <Figure name="Succeeded" hint="Of those that succeeded, failed or timed out">
        <RunsLink search={of('succeeded')}>{percent(figures.success_rate)}</RunsLink>
      </Figure>
      <Figure name="Without help" hint="Of the same: succeeded, and nobody had paused them, been asked, or run them again">
        <RunsLink search={countedRuns(figures, { ...search, unaided: 'true' })}>{percent(figures.unaided_rate)}</RunsLink>
      </Figure>
      <Figure name="Failed">
        <RunsLink search={of('failed,timed_out')} className={figures.failed + figures.timed_out > 0 ? 'bad' : ''}>
          {count(figures.failed + figures.timed_out)}
        </RunsLink>
      </Figure>
      <Figure name="Half took at most" hint="The median, within 5 %">
        {took(figures.p50_ms) || 'none'}
      </Figure>
      <Figure name="95 % took at most" hint="Within 5 %">
        {took(figures.p95_ms) || 'none'}
      </Figure>
      <Figure name="Steps executed">{count(figures.steps_executed)}</Figure>
      <Figure name="Live now">
        <RunsLink search={{ ...search, status: 'pending,running,waiting,paused,draining' }}>
          {count(figures.live.count)}
          {!figures.live.exact && '+'}
        </RunsLink>
      </Figure>
    </dl>
  );
}

interface TrendProps {
  figures: Overview;
  search: RunsSearch;
}

/** What runs came to over time; each bar is a link to its runs. */
export function Trend({ figures, search }: TrendProps) {
  const most = Math.max(1, ...figures.trend.map(totalOf));
  return (
    <Bars
      figures={figures}
      search={search}
      said={saidOf}
      most={`at most ${most.toLocaleString('en')} runs ${figures.bucket === 'hour' ? 'an hour' : 'a day'}`}
    >
      {(one) => <Stack outcomes={one} most={most} />}
    </Bars>
  );
}

/** How long runs took over time: half of them, and all but a twentieth. */
export function Durations({ figures, search }: TrendProps) {
  const most = Math.max(1, ...figures.trend.map(({ p95_ms }) => p95_ms ?? 0));
  return (
    <Bars
      figures={figures}
      search={search}
      said={({ p50_ms, p95_ms }) => (p95_ms === null ? 'no runs' : `half took at most ${took(p50_ms)}, 95 % ${took(p95_ms)}`)}
      most={`95 % took at most ${took(most)}`}
    >
      {({ p50_ms, p95_ms }) =>
        p95_ms !== null && (
          <>
            <i className="p50" style={{ height: `${Math.max(2, ((p50_ms ?? 0) / most) * 100)}%` }} />
            <i className="p95" style={{ height: `${((p95_ms - (p50_ms ?? 0)) / most) * 100}%` }} />
          </>
        )
      }
    </Bars>
  );
}

type Bucket = Overview['trend'][number];

interface BarsProps extends TrendProps {
  said: (bucket: Bucket) => string;
  /** What the highest bar is. */
  most: string;
  children: (bucket: Bucket) => ReactNode;
}

function Bars({ figures, search, said, most, children }: BarsProps) {
  useZone();
  const { trend, bucket } = figures;
  const named = (start: string) => (bucket === 'hour' ? `${weekday(start)} ${shortClock(start)}` : weekday(start));
  const endOf = (at: number) =>
    trend[at + 1]?.start ??
    new Date(
      Math.min(Date.parse(figures.to), Date.parse(trend[at]?.start ?? '') + (bucket === 'hour' ? HOUR_MS : DAY + HOUR_MS)),
    ).toISOString();
  const [first, last] = [trend[0], trend.at(-1)];
  return (
    <div className="trend">
      <div className="bars tall">
        {trend.map((one, at) => (
          <Link
            key={one.start}
            to="/runs"
            search={countedRuns({ from: one.start, to: endOf(at) }, search)}
            aria-label={`${named(one.start)}: ${said(one)}`}
            title={`${named(one.start)}: ${said(one)}`}
          >
            {children(one)}
          </Link>
        ))}
      </div>
      <div className="axis faint num">
        <span>{first && named(first.start)}</span>
        <span>{most}</span>
        <span>{last && named(last.start)}</span>
      </div>
    </div>
  );
}
