import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { call } from '../api/call.ts';
import { queries } from '../api/queries.ts';
import { Button, Empty, Loading, Problem } from '../kit/controls.tsx';
import { Time } from '../kit/time.tsx';
import { tellProblem } from '../kit/told.tsx';

const LOOK_EVERY_MS = 2000;

const NOUNS: Record<string, [string, string]> = {
  run: ['run', 'runs'],
  delivery: ['delivery', 'deliveries'],
  task: ['task', 'tasks'],
};
const nounOf = ({ subject, total }: { subject: string; total: number }) => NOUNS[subject]?.[total === 1 ? 0 : 1] ?? subject;

/** What is done, and was done, with many runs at once. */
export function JobsPage() {
  const jobs = useQuery({
    queryKey: ['jobs'],
    queryFn: ({ signal }) => call('listJobs', { query: { limit: 50 } }, signal),
    refetchInterval: LOOK_EVERY_MS,
  });
  const act = (id: 'abortJob' | 'retryJob', job_id: string) =>
    call(id, { params: { job_id } }).then(() => queries.invalidateQueries({ queryKey: ['jobs'] }), tellProblem);
  const items = jobs.data?.items ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <h1>Jobs</h1>
      </div>
      {jobs.isPending && <Loading />}
      {jobs.isError && <Problem error={jobs.error} />}
      {jobs.isSuccess && items.length === 0 && (
        <Empty
          title="No job yet"
          action={
            <Link to="/runs" search={{}} className="button">
              To the runs
            </Link>
          }
        >
          Narrow a list of runs and choose what to do with all of them: recover, stop, pause, archive.
        </Empty>
      )}
      {items.length > 0 && (
        <div className="panel scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Job</th>
                <th>State</th>
                <th className="right">Of</th>
                <th className="right">Done</th>
                <th className="right">Skipped</th>
                <th className="right">Failed</th>
                <th>By</th>
                <th>Begun</th>
                <th>Reason</th>
                <th className="right">Act</th>
              </tr>
            </thead>
            <tbody>
              {items.map((job) => (
                <tr key={job.id}>
                  <td>
                    <b>{job.name ?? job.verb}</b>
                  </td>
                  <td>
                    <span className={`pill ${job.ended_at ? (job.failed > 0 ? 'bad' : 'good') : 'active'}`}>{job.status}</span>
                  </td>
                  <td className="right num">
                    {job.total.toLocaleString('en')} <span className="muted">{nounOf(job)}</span>
                  </td>
                  <td className="right num">{job.done}</td>
                  <td className="right num">{job.skipped}</td>
                  <td className="right num">{job.failed}</td>
                  <td>{job.actor.name}</td>
                  <td className="muted">
                    <Time at={job.created_at} />
                  </td>
                  <td className="muted">{job.reason}</td>
                  <td className="right">
                    {!job.ended_at && <Button onClick={() => void act('abortJob', job.id)}>Abort</Button>}
                    {job.ended_at && job.failed > 0 && (
                      <Button onClick={() => void act('retryJob', job.id)}>Retry the failed</Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
