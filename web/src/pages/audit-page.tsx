import { useNavigate, useSearch } from '@tanstack/react-router';
import { call } from '../api/call.ts';
import { Button, Empty, Loading, Problem } from '../kit/controls.tsx';
import { usePaged } from '../kit/paged.ts';
import { Time } from '../kit/time.tsx';
import './pages.css';

/** Who did what, to what, and why. */
export function AuditPage() {
  const { actor, object } = useSearch({ from: '/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const log = usePaged(['audit', actor, object], (token, signal) =>
    call(
      'listAudit',
      { query: { limit: 50, ...(actor && { actor }), ...(object && { object }), ...(token && { continuation_token: token }) } },
      signal,
    ),
  );
  return (
    <div className="page">
      <div className="page-head">
        <h1>Audit</h1>
        {(actor || object) && <Button onClick={() => void navigate({ search: {} })}>Show all</Button>}
      </div>
      {log.isPending && <Loading />}
      {log.isError && <Problem error={log.error} />}
      {log.isSuccess && log.items.length === 0 && (
        <Empty title="Nothing has been done yet">Acts of people are written down here, with their reasons.</Empty>
      )}
      {log.items.length > 0 && (
        <div className="panel scroll">
          <table className="table audit-table">
            <thead>
              <tr>
                <th>When</th>
                <th>Who</th>
                <th>What</th>
                <th>To what</th>
                <th>Reason</th>
                <th>Changed</th>
              </tr>
            </thead>
            <tbody>
              {log.items.map((entry) => (
                <tr key={entry.id}>
                  <td className="muted num">
                    <Time at={entry.at} />
                  </td>
                  <td>
                    <button type="button" className="link" onClick={() => void navigate({ search: { actor: entry.actor.id } })}>
                      {entry.actor.name || entry.actor.id}
                    </button>
                  </td>
                  <td>
                    <code>{entry.act}</code>
                  </td>
                  <td>
                    <button type="button" className="link" onClick={() => void navigate({ search: { object: entry.object.id } })}>
                      {entry.object.kind} {entry.object.name ?? entry.object.id}
                    </button>
                  </td>
                  <td>{entry.reason}</td>
                  <td className="muted cut" title={Object.keys(entry.after ?? entry.before ?? {}).join(', ')}>
                    {Object.keys(entry.after ?? entry.before ?? {}).join(', ')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {log.hasNextPage && <Button onClick={() => void log.fetchNextPage()}>Show 50 more</Button>}
    </div>
  );
}
