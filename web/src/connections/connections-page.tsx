import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../api/call.ts';
import { meQuery } from '../api/queries.ts';
import { useKeys } from '../frame/keyboard.ts';
import { Button, Empty, Loading, Problem } from '../kit/controls.tsx';
import { Time } from '../kit/time.tsx';
import { usePaged } from '../pages/paged.ts';
import { ConnectionPanel } from './connection-panel.tsx';
import { type Connection, ConnectionState } from './connection-state.tsx';
import { NewConnection } from './new-connection.tsx';
import './connections.css';

/** Named credentials that steps use and nobody reads. */
export function ConnectionsPage() {
  const { id: opened } = useSearch({ from: '/connections' });
  const navigate = useNavigate({ from: '/connections' });
  const { data: me } = useQuery(meQuery);
  const [isMaking, setMaking] = useState(false);
  const connections = usePaged(['connections', 'list'], (token, signal) =>
    call('listConnections', { query: { limit: 100, ...(token && { continuation_token: token }) } }, signal),
  );
  const { items } = connections;
  const open = (id: string | undefined) => void navigate({ search: id ? { id } : {}, resetScroll: false });
  const move = (step: number) => {
    const at = items.findIndex(({ id }) => id === opened);
    const next = items[Math.max(0, Math.min(items.length - 1, at + step))];
    if (next) open(next.id);
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
  const mayNot = me?.role === 'admin' ? undefined : 'Connections are made by admins.';
  return (
    <div className="page">
      <div className="page-head">
        <h1>Connections</h1>
        <Button kind="primary" icon="plus" because={mayNot} onClick={() => setMaking(true)}>
          New connection
        </Button>
      </div>
      {connections.isPending && <Loading />}
      {connections.isError && <Problem error={connections.error} retry={() => void connections.refetch()} />}
      {connections.isSuccess && items.length === 0 && (
        <Empty title="No connection yet">
          A connection is a credential of a project, with the hosts that it may be sent to. A step names it:{' '}
          <code>connection: erp</code>. Nobody reads it again.
        </Empty>
      )}
      {items.length > 0 && (
        <div className={opened ? 'with-panel' : ''}>
          <div className="panel scroll">
            <table className="table">
              <thead>
                <tr>
                  <th>Name</th>
                  <th>State</th>
                  <th>Type</th>
                  {!opened && (
                    <>
                      <th>Sent to</th>
                      <th>Project</th>
                      <th>Secret of</th>
                    </>
                  )}
                </tr>
              </thead>
              <tbody>
                {items.map((one) => (
                  <tr key={one.id} aria-selected={one.id === opened}>
                    <td>
                      <button type="button" className="link" onClick={() => open(one.id === opened ? undefined : one.id)}>
                        <b>{one.name}</b>
                      </button>
                    </td>
                    <td>
                      <ConnectionState status={one.status} />
                    </td>
                    <td className="muted">{one.type}</td>
                    {!opened && (
                      <>
                        <td className="muted">{sentTo(one)}</td>
                        <td className="muted">{one.project_id}</td>
                        <td className="muted">
                          <Time at={one.secret_created_at} />
                        </td>
                      </>
                    )}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {opened && <ConnectionPanel key={opened} id={opened} onClose={() => open(undefined)} />}
        </div>
      )}
      {connections.hasNextPage && <Button onClick={() => void connections.fetchNextPage()}>Show 100 more</Button>}
      {isMaking && <NewConnection onClose={() => setMaking(false)} onMade={open} />}
    </div>
  );
}

function sentTo({ settings }: Connection): string {
  const { hosts, url, base_url } = settings;
  const [first, ...others] = Array.isArray(hosts) ? hosts.map(String) : [url ?? base_url ?? 'its service'].map(String);
  return others.length > 0 ? `${first} and ${others.length} more` : (first ?? '');
}
