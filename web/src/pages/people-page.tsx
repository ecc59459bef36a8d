import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { ROLES, type Role } from '../../../shared/kernel/role.ts';
import { call } from '../api/call.ts';
import { queries } from '../api/queries.ts';
import { Button, Copy, Field, Loading, Problem, SearchBox } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { useAllOf, usePaged } from '../kit/paged.ts';
import { Time } from '../kit/time.tsx';
import './pages.css';
import { Panel } from '../kit/panel.tsx';

const roleOf = (text: string): Role => ROLES.find((role) => role === text) ?? 'viewer';

/** People with a role, and keys. */
export function PeoplePage() {
  const { q = '' } = useSearch({ from: '/people' });
  const navigate = useNavigate({ from: '/people' });
  return (
    <div className="page">
      <div className="page-head">
        <h1>Members and keys</h1>
        <SearchBox
          label="Find members and keys"
          placeholder="Name, address, role"
          value={q}
          onChange={(next) => void navigate({ search: { q: next }, replace: true, resetScroll: false })}
        />
      </div>
      <Members q={q} />
      <Keys q={q} />
    </div>
  );
}

const isFound = (q: string, ...texts: (string | null)[]) => texts.join(' ').toLowerCase().includes(q.trim().toLowerCase());

const noteOf = (found: readonly unknown[], all: readonly unknown[]) =>
  found.length < all.length ? `${found.length} of ${all.length}` : all.length;

function Members({ q }: { q: string }) {
  const members = usePaged(['members'], (token, signal) =>
    call('listMembers', { query: { limit: 100, ...(token && { continuation_token: token }) } }, signal),
  );
  useAllOf(members, q !== '');
  const found = members.items.filter(({ name, email, role, project_id }) => isFound(q, name, email, role, project_id));
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [error, setError] = useState<unknown>();
  const [removed, setRemoved] = useState<{ id: string; name: string }>();
  const again = () => queries.invalidateQueries({ queryKey: ['members'] });
  const add = async (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    try {
      await call('addMember', { body: { email, name: email.split('@')[0] ?? email, role } });
      setEmail('');
      await again();
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <Panel title="Members" note={noteOf(found, members.items)}>
      <div className="panel-body">
        <form className="new-thing" onSubmit={add}>
          <Field label="Mail address">
            {(id) => (
              <input
                id={id}
                className="input"
                type="email"
                required
                value={email}
                onChange={(event) => setEmail(event.target.value)}
              />
            )}
          </Field>
          <RoleField role={role} onRole={setRole} />
          <Button type="submit">Add member</Button>
        </form>
        {error !== undefined && <Problem error={error} />}
      </div>
      {members.isPending && <Loading rows={3} />}
      {members.isError && <Problem error={members.error} />}
      {members.isSuccess && members.items.length > 0 && found.length === 0 && (
        <p className="panel-body muted">None of them matches.</p>
      )}
      {found.length > 0 && (
        <div className="scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Name</th>
                <th>Address</th>
                <th>Role</th>
                <th>Project</th>
                <th>Since</th>
                <th className="right">Remove</th>
              </tr>
            </thead>
            <tbody>
              {found.map((member) => (
                <tr key={member.id}>
                  <td>{member.name}</td>
                  <td className="muted">{member.email}</td>
                  <td>
                    <select
                      className="select"
                      aria-label={`Role of ${member.name}`}
                      value={member.role}
                      onChange={(event) =>
                        void call('changeMember', {
                          params: { member_id: member.id },
                          body: { role: roleOf(event.target.value) },
                        }).then(again)
                      }
                    >
                      {ROLES.map((one) => (
                        <option key={one}>{one}</option>
                      ))}
                    </select>
                  </td>
                  <td className="muted">{member.project_id ?? 'all'}</td>
                  <td className="muted">
                    <Time at={member.created_at} />
                  </td>
                  <td className="right">
                    <Button kind="ghost" onClick={() => setRemoved(member)}>
                      Remove
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {members.hasNextPage && <Button onClick={() => void members.fetchNextPage()}>Show 100 more</Button>}
      {removed && (
        <ReasonDialog
          title={`Remove ${removed.name}`}
          verb="Remove"
          danger
          opened
          onClose={() => setRemoved(undefined)}
          act={(reason) => call('removeMember', { params: { member_id: removed.id }, ...(reason && { reason }) }).then(again)}
        >
          <p>They can no longer sign in here. What they did stays in the audit log.</p>
        </ReasonDialog>
      )}
    </Panel>
  );
}

const RoleField = ({ role, onRole }: { role: Role; onRole: (role: Role) => void }) => (
  <Field label="Role">
    {(id) => (
      <select id={id} className="select" value={role} onChange={(event) => onRole(roleOf(event.target.value))}>
        {ROLES.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    )}
  </Field>
);

function Keys({ q }: { q: string }) {
  const keys = usePaged(['keys'], (token, signal) =>
    call('listKeys', { query: { limit: 100, ...(token && { continuation_token: token }) } }, signal),
  );
  useAllOf(keys, q !== '');
  const found = keys.items.filter(({ name, email, role, project_id }) => isFound(q, name, email, role, project_id));
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('operator');
  const [shown, setShown] = useState<string>();
  const [error, setError] = useState<unknown>();
  const [revoked, setRevoked] = useState<{ id: string; name: string }>();
  const again = () => queries.invalidateQueries({ queryKey: ['keys'] });
  const create = async (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    try {
      const made = await call('createKey', { body: { name, role } });
      setShown(made.key);
      setName('');
      await again();
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <Panel title="API keys" note={noteOf(found, keys.items)}>
      <div className="panel-body">
        <form className="new-thing" onSubmit={create}>
          <Field label="Name">
            {(id) => <input id={id} className="input" required value={name} onChange={(event) => setName(event.target.value)} />}
          </Field>
          <RoleField role={role} onRole={setRole} />
          <Button type="submit">Create key</Button>
        </form>
        {shown && (
          <p className="shown-once">
            Shown this once: <code>{shown}</code> <Copy text={shown} label="Copy the key" />
          </p>
        )}
        {error !== undefined && <Problem error={error} />}
      </div>
      {keys.isPending && <Loading rows={3} />}
      {keys.isError && <Problem error={keys.error} />}
      {keys.isSuccess && keys.items.length > 0 && found.length === 0 && <p className="panel-body muted">None of them matches.</p>}
      {found.length > 0 && (
        <div className="scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Name</th>
                <th>Role</th>
                <th>Project</th>
                <th>Holder</th>
                <th>Made</th>
                <th className="right">State</th>
              </tr>
            </thead>
            <tbody>
              {found.map((key) => (
                <tr key={key.id}>
                  <td>{key.name}</td>
                  <td>{key.role}</td>
                  <td className="muted">{key.project_id ?? 'all'}</td>
                  <td className="muted">{key.email}</td>
                  <td className="muted">
                    <Time at={key.created_at} />
                  </td>
                  <td className="right">
                    {key.revoked_at ? (
                      <span className="pill">revoked</span>
                    ) : (
                      <Button kind="ghost" onClick={() => setRevoked(key)}>
                        Revoke
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {keys.hasNextPage && <Button onClick={() => void keys.fetchNextPage()}>Show 100 more</Button>}
      {revoked && (
        <ReasonDialog
          title={`Revoke ${revoked.name}`}
          verb="Revoke"
          danger
          opened
          onClose={() => setRevoked(undefined)}
          act={(reason) => call('revokeKey', { params: { key_id: revoked.id }, ...(reason && { reason }) }).then(again)}
        >
          <p>Whoever uses it is refused within 30 seconds. It cannot be brought back.</p>
        </ReasonDialog>
      )}
    </Panel>
  );
}
