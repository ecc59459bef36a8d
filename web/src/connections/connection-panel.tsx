import forms from 'virtual:forms';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { call, type Result } from '../api/call.ts';
import { meQuery, queries } from '../api/queries.ts';
import { Button, Field, IconButton, Id, Loading, Problem } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { Json } from '../kit/json.tsx';
import { Panel } from '../kit/panel.tsx';
import { missingIn, type Values } from '../kit/schema.ts';
import { SchemaForm } from '../kit/schema-form.tsx';
import { Time } from '../kit/time.tsx';
import { told } from '../kit/told.tsx';
import { ConnectionState } from './connection-state.tsx';
import { ChangeLimits, Circuit, limitsSaid } from './limits.tsx';

type Detail = Result<'getConnection'>;
type Act = 'test' | 'rotate' | 'change' | 'limits' | 'delete';

const again = () => queries.invalidateQueries({ queryKey: ['connections'] });

/** One connection: how it stands, who uses it, and what may be done with it. */
export function ConnectionPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const { data: me } = useQuery(meQuery);
  const connection = useQuery({
    queryKey: ['connections', 'one', id],
    queryFn: ({ signal }) => call('getConnection', { params: { connection_id: id } }, signal),
  });
  const [act, setAct] = useState<Act>();
  const one = connection.data;
  const admin = me?.role === 'admin' ? undefined : 'This takes the role admin.';
  const editor = me?.role === 'admin' || me?.role === 'editor' ? undefined : 'Testing takes the role editor.';
  const closed = () => setAct(undefined);
  return (
    <Panel
      title={one?.name ?? 'Connection'}
      label={one ? `Connection ${one.name}` : 'Connection'}
      actions={<IconButton icon="cross" label="Close" onClick={onClose} />}
    >
      <div className="panel-body stack">
        {connection.isPending && <Loading rows={4} />}
        {connection.isError && <Problem error={connection.error} />}
        {one && (
          <>
            <div className="row wrap">
              <Button kind="primary" icon="play" because={editor} onClick={() => setAct('test')}>
                Test
              </Button>
              <Button icon="refresh" because={admin} onClick={() => setAct('rotate')}>
                Rotate the secret
              </Button>
              <Button icon="edit" because={admin} onClick={() => setAct('change')}>
                Settings
              </Button>
              <Button icon="hourglass" because={admin} onClick={() => setAct('limits')}>
                Limits
              </Button>
              <Button kind="ghost" icon="cross" because={admin} onClick={() => setAct('delete')}>
                Delete
              </Button>
            </div>
            <dl className="facts">
              <dt>State</dt>
              <dd>
                <ConnectionState status={one.status} />
              </dd>
              <dt>Limits</dt>
              <dd>{limitsSaid(one) || <span className="muted">none</span>}</dd>
              <dt>Circuit</dt>
              <dd>
                <Circuit of={one} />
              </dd>
              <dt>Type</dt>
              <dd>{one.type}</dd>
              <dt>Secret</dt>
              <dd>
                <Time at={one.secret_created_at} />
                {one.previous_secret_until && (
                  <>
                    ; the one before is tried until <Time at={one.previous_secret_until} exact />
                  </>
                )}
              </dd>
              <dt>Made</dt>
              <dd>
                <Time at={one.created_at} /> by {one.created_by.name}
              </dd>
              <dt>Used by</dt>
              <dd>
                <UsedBy of={one} />
              </dd>
              <dt>Id</dt>
              <dd>
                <Id id={one.id} />
              </dd>
            </dl>
            <Json label="Settings" value={one.settings} />
          </>
        )}
      </div>
      {one && act === 'test' && <Test of={one} onClose={closed} />}
      {one && act === 'rotate' && <Rotate of={one} onClose={closed} />}
      {one && act === 'change' && <Change of={one} onClose={closed} />}
      {one && act === 'limits' && <ChangeLimits of={one} onDone={again} onClose={closed} />}
      {one && act === 'delete' && <Delete of={one} onClose={closed} onDone={onClose} />}
    </Panel>
  );
}

const UsedBy = ({ of: { used_by: users } }: { of: Detail }) =>
  users.length === 0 ? (
    <span className="muted">no workflow lists it</span>
  ) : (
    <span className="row wrap">
      {users.map(({ workflow_id, name }) => (
        <Link key={workflow_id} to="/workflows/$workflowId" params={{ workflowId: workflow_id }} search={{ tab: 'edit' }}>
          {name}
        </Link>
      ))}
    </span>
  );

interface Props {
  of: Detail;
  onClose: () => void;
}

/** Calls a URL with it, and says how it stands then. */
function Test({ of, onClose }: Props) {
  const { hosts } = of.settings;
  const [host] = Array.isArray(hosts) ? hosts.filter((one) => typeof one === 'string' && !one.startsWith('*')) : [];
  const [url, setUrl] = useState(host ? `https://${host}/` : '');
  const act = async (reason: string | undefined) => {
    const body = url.trim() ? { url: url.trim() } : {};
    const { status } = await call('testConnection', { params: { connection_id: of.id }, body, ...(reason && { reason }) });
    await again();
    if (status.state === 'connected') told('Connected.');
    else throw new Error(`It is not connected: ${status.reason ?? status.state}`);
  };
  return (
    <ReasonDialog title={`Test ${of.name}`} verb="Call it" opened onClose={onClose} act={act}>
      <Field label="URL" hint="Called with GET: a host that the connection names. Some types need none.">
        {(id) => <input id={id} className="input" value={url} onChange={(event) => setUrl(event.target.value)} />}
      </Field>
    </ReasonDialog>
  );
}

const KEPT = [
  [0, 'not at all'],
  [1, 'for an hour'],
  [24, 'for a day'],
  [168, 'for a week'],
] as const;

function Rotate({ of, onClose }: Props) {
  const schema = forms.connections[of.type]?.secret ?? {};
  const [secret, setSecret] = useState<Values>({});
  const [hours, setHours] = useState<number>(24);
  const [error, setError] = useState<unknown>();
  const missing = missingIn(schema, secret);
  const act = (reason: string | undefined) =>
    call('changeConnection', {
      params: { connection_id: of.id },
      body: { secret, keep_hours: hours },
      ...(reason && { reason }),
    }).then(
      () => again().then(() => told('The new secret is used from now on.')),
      (thrown: unknown) => {
        setError(thrown);
        throw thrown;
      },
    );
  return (
    <ReasonDialog
      title={`Rotate the secret of ${of.name}`}
      verb="Replace it"
      opened
      onClose={onClose}
      because={missing.length > 0 ? `Fill in ${missing.join(', ')}.` : undefined}
      act={act}
    >
      <SchemaForm schema={schema} values={secret} onValues={setSecret} error={error} place="secret" isSecret />
      <Field label="Keep the one before" hint="It is tried when the new one is refused, so that either side may change first.">
        {(id) => (
          <select id={id} className="select" value={hours} onChange={(event) => setHours(Number(event.target.value))}>
            {KEPT.map(([value, word]) => (
              <option key={value} value={value}>
                {word}
              </option>
            ))}
          </select>
        )}
      </Field>
    </ReasonDialog>
  );
}

function Change({ of, onClose }: Props) {
  const schema = forms.connections[of.type]?.settings ?? {};
  const [settings, setSettings] = useState<Values>(of.settings);
  const [error, setError] = useState<unknown>();
  const missing = missingIn(schema, settings);
  const act = (reason: string | undefined) =>
    call('changeConnection', { params: { connection_id: of.id }, body: { settings }, ...(reason && { reason }) }).then(
      again,
      (thrown: unknown) => {
        setError(thrown);
        throw thrown;
      },
    );
  return (
    <ReasonDialog
      title={`Settings of ${of.name}`}
      verb="Save"
      size="lg"
      opened
      onClose={onClose}
      because={missing.length > 0 ? `Fill in ${missing.join(', ')}.` : undefined}
      act={act}
    >
      <SchemaForm schema={schema} values={settings} onValues={setSettings} error={error} place="settings" />
    </ReasonDialog>
  );
}

function Delete({ of, onClose, onDone }: Props & { onDone: () => void }) {
  const users = of.used_by;
  const act = async (reason: string | undefined) => {
    await call('deleteConnection', {
      params: { connection_id: of.id },
      query: users.length > 0 ? { force: 'true' } : {},
      ...(reason && { reason }),
    });
    onDone();
    // The panel is still there for a moment, and must not ask for what is gone.
    await queries.invalidateQueries({ queryKey: ['connections', 'list'] });
  };
  return (
    <ReasonDialog
      title={`Delete ${of.name}`}
      verb={users.length > 0 ? `Delete it from under ${users.length} ${users.length === 1 ? 'workflow' : 'workflows'}` : 'Delete'}
      danger
      opened
      onClose={onClose}
      act={act}
    >
      {users.length === 0 ? (
        <p>No workflow lists it. It cannot be brought back.</p>
      ) : (
        <>
          <p>
            {users.length === 1 ? 'This workflow uses it; its steps fail' : 'These workflows use it; their steps fail'} without
            it:
          </p>
          <UsedBy of={of} />
        </>
      )}
    </ReasonDialog>
  );
}
