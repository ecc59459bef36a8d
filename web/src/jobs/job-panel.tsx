import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { call } from '../api/call.ts';
import { Button, IconButton, Id, Loading, Problem, Segments } from '../kit/controls.tsx';
import { usePaged } from '../kit/paged.ts';
import { Panel } from '../kit/panel.tsx';
import { Time } from '../kit/time.tsx';
import { act, LOOK_EVERY_MS, nounOf } from './job.ts';
import { JobState } from './job-state.tsx';

const TONES = { done: 'good', skipped: '', failed: 'bad' } as const;
type Outcome = keyof typeof TONES;
const isOutcome = (text: string | undefined): text is Outcome => text !== undefined && text in TONES;

/** One job: how far it has come, and what came of each. */
export function JobPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const { outcome: asked } = useSearch({ from: '/jobs' });
  const navigate = useNavigate({ from: '/jobs' });
  const outcome = isOutcome(asked) ? asked : undefined;
  const params = { job_id: id };
  const { data: job, error } = useQuery({
    queryKey: ['jobs', id],
    queryFn: ({ signal }) => call('getJob', { params }, signal),
    refetchInterval: ({ state }) => (state.data?.ended_at ? false : LOOK_EVERY_MS),
  });
  const results = usePaged(
    ['jobs', id, 'results', outcome ?? ''],
    (token, signal) =>
      call(
        'listJobResults',
        { params, query: { limit: 50, ...(outcome && { outcome }), ...(token && { continuation_token: token }) } },
        signal,
      ),
    job?.ended_at ? undefined : LOOK_EVERY_MS,
  );
  const choose = (next: Outcome | 'all') =>
    void navigate({ search: { id, ...(next !== 'all' && { outcome: next }) }, replace: true, resetScroll: false });
  return (
    <Panel
      title={job?.name ?? job?.verb ?? 'Job'}
      label="Job"
      actions={<IconButton icon="cross" label="Close" onClick={onClose} />}
    >
      <div className="panel-body stack">
        {!job && !error && <Loading rows={4} />}
        {error && <Problem error={error} />}
        {job && (
          <>
            <div className="row wrap">
              <JobState job={job} />
              <progress max={job.total || 1} value={job.done + job.skipped + job.failed} aria-label="How far it has come" />
              <span className="muted num">
                {(job.done + job.skipped + job.failed).toLocaleString('en')} of {job.total.toLocaleString('en')} {nounOf(job)}
              </span>
              <span className="grow" />
              {!job.ended_at && <Button onClick={() => void act('abortJob', id)}>Abort</Button>}
              {job.ended_at && job.failed > 0 && <Button onClick={() => void act('retryJob', id)}>Retry the failed</Button>}
            </div>
            <dl className="facts">
              <dt>By</dt>
              <dd>{job.actor.name}</dd>
              <dt>Begun</dt>
              <dd>
                <Time at={job.created_at} />
              </dd>
              {job.reason && (
                <>
                  <dt>Reason</dt>
                  <dd>{job.reason}</dd>
                </>
              )}
            </dl>
            <Segments
              label="Outcome"
              value={outcome ?? 'all'}
              options={[
                ['all', 'All'],
                ['done', `Done ${job.done.toLocaleString('en')}`],
                ['skipped', `Skipped ${job.skipped.toLocaleString('en')}`],
                ['failed', `Failed ${job.failed.toLocaleString('en')}`],
              ]}
              onChange={choose}
            />
          </>
        )}
        {results.isError && <Problem error={results.error} />}
        {results.isSuccess && results.items.length === 0 && <p className="muted">None yet.</p>}
        <table className="table">
          <tbody>
            {results.items.map((one) => (
              <tr key={one.id}>
                <td>
                  <span className={`pill ${TONES[one.outcome]}`}>{one.outcome}</span>
                </td>
                <td>
                  {one.run_id ? (
                    <Link to="/runs/$runId" params={{ runId: one.run_id }} search={{}}>
                      <code>{one.run_id}</code>
                    </Link>
                  ) : (
                    <Id id={one.id} short />
                  )}
                  {one.started_run_id && (
                    <p>
                      started{' '}
                      <Link to="/runs/$runId" params={{ runId: one.started_run_id }} search={{}}>
                        <code>{one.started_run_id}</code>
                      </Link>
                    </p>
                  )}
                  {one.reason && <p className="muted">{one.reason}</p>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {results.hasNextPage && <Button onClick={() => void results.fetchNextPage()}>Show 50 more</Button>}
      </div>
    </Panel>
  );
}
