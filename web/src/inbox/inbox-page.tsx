import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { call, type Result } from '../api/call.ts';
import { useFeed } from '../api/live.ts';
import { Loading, Problem } from '../kit/controls.tsx';
import { Status } from '../kit/status.tsx';
import { Time, Took } from '../kit/time.tsx';
import { Tasks } from './tasks.tsx';
import { tasksChanged } from './use-tasks.ts';
import './inbox.css';

type Inbox = Result<'getInbox'>;
type Run = Inbox['running']['items'][number];

const LOOK_EVERY_MS = 10_000;
/** All of it is asked for anew: not with each of many runs. */
const NEWS_SETTLE_MS = 1500;
const EVERY_RUN = {};
const LATE: Record<string, string> = {
  not_begun: 'has not begun',
  unwatched: 'nobody looks after it',
  deadline: 'its time is nearly over',
};

/** What wants to be looked at, the most urgent first. */
export function InboxPage() {
  useFeed(EVERY_RUN, tasksChanged, NEWS_SETTLE_MS);
  const inbox = useQuery({
    queryKey: ['inbox'],
    queryFn: ({ signal }) => call('getInbox', { query: {} }, signal),
    refetchInterval: LOOK_EVERY_MS,
  });
  const { data } = inbox;
  return (
    <div className="page">
      <Tasks />
      {inbox.isPending && <Loading />}
      {inbox.isError && <Problem error={inbox.error} retry={() => void inbox.refetch()} />}
      {data && (
        <div className="columns">
          <Section title="Failed, last 24 hours" section={data.failed} isWide none="No run has failed.">
            {data.failed.items.map((failure) => (
              <li key={failure.fingerprint}>
                <Link
                  to="/runs"
                  search={{ workflow: failure.workflow_id, fingerprint: failure.fingerprint, from: '24h' }}
                  className="pill bad num"
                >
                  {failure.count} ×
                </Link>
                <span className="cut grow">
                  <b>{failure.error.name}</b>
                  {failure.step_id && (
                    <>
                      {' at '}
                      <code>{failure.step_id}</code>
                    </>
                  )}
                  {' of '}
                  {failure.workflow_name ?? failure.workflow_id}
                  <span className="muted">: {failure.error.message}</span>
                </span>
                <span className="muted">{failure.last_at && <Time at={failure.last_at} />}</span>
                {failure.sample_run_id && (
                  <Link to="/runs/$runId" params={{ runId: failure.sample_run_id }}>
                    Last one
                  </Link>
                )}
              </li>
            ))}
          </Section>
          <Section title="Late or stuck" section={data.late} none="Nothing is late.">
            {data.late.items.map((run) => (
              <RunLine key={run.id} run={run} note={LATE[run.late] ?? run.late} />
            ))}
          </Section>
          <Section title="Draining" section={data.draining} none="Nothing is draining.">
            {data.draining.items.map((run) => (
              <RunLine key={run.id} run={run} />
            ))}
          </Section>
          <Section title="Running" section={data.running} isWide none="Nothing is running.">
            {data.running.items.map((run) => (
              <RunLine key={run.id} run={run} />
            ))}
          </Section>
        </div>
      )}
    </div>
  );
}

interface SectionProps {
  title: string;
  section: { count: number; exact: boolean; items: readonly unknown[] };
  isWide?: boolean;
  none: string;
  children: ReactNode;
}

const Section = ({ title, section: { count, exact }, isWide = false, none, children }: SectionProps) => (
  <section className={`panel${isWide ? ' wide' : ''}`} aria-label={title}>
    <div className="panel-head">
      <h2>{title}</h2>
      <span className="muted num">
        {count}
        {!exact && '+'}
      </span>
    </div>
    {count === 0 ? <p className="panel-body muted">{none}</p> : <ul className="inbox-list">{children}</ul>}
  </section>
);

const RunLine = ({ run, note }: { run: Run; note?: string }) => (
  <li>
    <Status status={run.status} />
    <Link to="/runs/$runId" params={{ runId: run.id }} className="cut">
      {run.reference ?? run.name}
    </Link>
    <span className="muted cut grow">
      {run.workflow_name}
      {note && `, ${note}`}
    </span>
    <Took from={run.started_at ?? run.created_at} to={null} />
  </li>
);
