import { useNavigate, useSearch } from '@tanstack/react-router';
import { call } from '../api/call.ts';
import { type Column, ListBeside } from '../kit/beside.tsx';
import { Empty } from '../kit/controls.tsx';
import { usePaged } from '../kit/paged.ts';
import { Time } from '../kit/time.tsx';
import { ToRuns } from '../kit/to-runs.tsx';
import { type Job, LOOK_EVERY_MS, nounOf } from './job.ts';
import { JobPanel } from './job-panel.tsx';
import { JobState } from './job-state.tsx';

const COLUMNS: readonly Column<Job>[] = [
  { name: 'State', cell: (job) => <JobState job={job} /> },
  {
    name: 'Of',
    cell: (job) => (
      <span className="num">
        {job.total.toLocaleString('en')} <span className="muted">{nounOf(job)}</span>
      </span>
    ),
  },
  { name: 'Done', cell: ({ done }) => <span className="num">{done.toLocaleString('en')}</span> },
  { name: 'Skipped', cell: ({ skipped }) => <span className="num">{skipped.toLocaleString('en')}</span>, isWide: true },
  { name: 'Failed', cell: ({ failed }) => <span className="num">{failed.toLocaleString('en')}</span> },
  { name: 'By', cell: ({ actor }) => actor.name, isWide: true },
  { name: 'Begun', cell: (job) => <Time at={job.created_at} />, isMuted: true, isWide: true },
  { name: 'Reason', cell: ({ reason }) => reason, isMuted: true, isWide: true },
];

/** What is done, and was done, with many at once. */
export function JobsPage() {
  const { id: opened } = useSearch({ from: '/jobs' });
  const navigate = useNavigate({ from: '/jobs' });
  const jobs = usePaged(
    ['jobs', 'list'],
    (token, signal) => call('listJobs', { query: { limit: 100, ...(token && { continuation_token: token }) } }, signal),
    LOOK_EVERY_MS,
  );
  return (
    <ListBeside
      title="Jobs"
      action={null}
      list={jobs}
      opened={opened}
      onOpen={(id) => void navigate({ search: { id }, replace: true, resetScroll: false })}
      nameOf={({ name, verb }) => name ?? verb}
      columns={COLUMNS}
      none={
        <Empty title="No job yet" action={<ToRuns />}>
          Narrow a list of runs and choose what to do with all of them: recover, stop, pause, archive.
        </Empty>
      }
      panel={(id, close) => <JobPanel key={id} id={id} onClose={close} />}
    />
  );
}
