import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../api/call.ts';
import { meQuery } from '../api/queries.ts';
import { type Column, ListBeside } from '../kit/beside.tsx';
import { Button, Empty } from '../kit/controls.tsx';
import { usePaged } from '../kit/paged.ts';
import { Time } from '../kit/time.tsx';
import { ConnectionPanel } from './connection-panel.tsx';
import { type Connection, ConnectionState } from './connection-state.tsx';
import { NewConnection } from './new-connection.tsx';
import './connections.css';

const COLUMNS: readonly Column<Connection>[] = [
  { name: 'State', cell: (one) => <ConnectionState status={one.status} /> },
  { name: 'Type', cell: (one) => one.type, isMuted: true },
  { name: 'Sent to', cell: sentTo, isMuted: true, isWide: true },
  { name: 'Project', cell: (one) => one.project_id, isMuted: true, isWide: true },
  { name: 'Secret of', cell: (one) => <Time at={one.secret_created_at} />, isMuted: true, isWide: true },
];

/** Named credentials that steps use and nobody reads. */
export function ConnectionsPage() {
  const { id: opened } = useSearch({ from: '/connections' });
  const navigate = useNavigate({ from: '/connections' });
  const { data: me } = useQuery(meQuery);
  const [isMaking, setMaking] = useState(false);
  const connections = usePaged(['connections', 'list'], (token, signal) =>
    call('listConnections', { query: { limit: 100, ...(token && { continuation_token: token }) } }, signal),
  );
  const open = (id: string | undefined) => void navigate({ search: id ? { id } : {}, resetScroll: false });
  return (
    <>
      <ListBeside
        title="Connections"
        action={
          <Button
            kind="primary"
            icon="plus"
            because={me?.role === 'admin' ? undefined : 'Connections are made by admins.'}
            onClick={() => setMaking(true)}
          >
            New connection
          </Button>
        }
        list={connections}
        opened={opened}
        onOpen={open}
        nameOf={({ name }) => name}
        columns={COLUMNS}
        none={
          <Empty title="No connection yet">
            A connection is a credential of a project, with the hosts that it may be sent to. A step names it:{' '}
            <code>connection: erp</code>. Nobody reads it again.
          </Empty>
        }
        panel={(id, close) => <ConnectionPanel key={id} id={id} onClose={close} />}
      />
      {isMaking && <NewConnection onClose={() => setMaking(false)} onMade={open} />}
    </>
  );
}

function sentTo({ settings }: Connection): string {
  const { hosts, url, base_url } = settings;
  const [first, ...others] = Array.isArray(hosts) ? hosts.map(String) : [url ?? base_url ?? 'its service'].map(String);
  return others.length > 0 ? `${first} and ${others.length} more` : (first ?? '');
}
