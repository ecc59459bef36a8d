import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { wallText } from '../../../shared/trigger/schedule/zone.ts';
import { call } from '../api/call.ts';
import { queries } from '../api/queries.ts';
import { Button, Field, Loading, Problem } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { Panel } from '../kit/panel.tsx';
import { Time, useZone } from '../kit/time.tsx';
import { told } from '../kit/told.tsx';
import { instantIn, wallIn, type Zone, zoneWords } from '../kit/zone.ts';

const HOUR_MS = 3_600_000;
const again = () => queries.invalidateQueries({ queryKey: ['maintenance'] });

/** What the field of a browser holds: an instant without its zone. */
const written = (at: number, zone: Zone) => wallText(wallIn(zone, at)).slice(0, 16);
const read = (text: string, zone: Zone) => new Date(instantIn(zone, Date.parse(`${text}Z`)));

/** When runs are accepted and do not begin. */
export function MaintenancePanel({ because }: { because: string | undefined }) {
  const maintenance = useQuery({
    queryKey: ['maintenance'],
    queryFn: ({ signal }) => call('getMaintenance', undefined, signal),
  });
  const [isAsked, setAsked] = useState(false);
  const { window, active = false } = maintenance.data ?? {};
  const clear = async () => {
    await call('putMaintenance', { body: { window: null } });
    await again();
    told('Runs begin again.');
  };
  return (
    <Panel
      title="Maintenance window"
      note={active && <span className="pill warn">now</span>}
      actions={
        <>
          {window && (
            <Button because={because} onClick={() => void clear()}>
              {active ? 'End it now' : 'Remove it'}
            </Button>
          )}
          <Button icon="edit" because={because} onClick={() => setAsked(true)}>
            {window ? 'Change' : 'Plan one'}
          </Button>
        </>
      }
    >
      <div className="panel-body">
        {maintenance.isPending && <Loading rows={1} />}
        {maintenance.isError && <Problem error={maintenance.error} />}
        {window === null && (
          <p className="muted">
            None. During one, runs are accepted and wait; they begin at its end, in the order in which they came.
          </p>
        )}
        {window && (
          <p>
            From <Time at={window.from} exact /> until <Time at={window.until} exact />
            {window.reason && `: ${window.reason}`}
          </p>
        )}
      </div>
      {isAsked && <Plan onClose={() => setAsked(false)} />}
    </Panel>
  );
}

function Plan({ onClose }: { onClose: () => void }) {
  const zone = useZone();
  const [from, setFrom] = useState(() => written(Date.now(), zone));
  const [until, setUntil] = useState(() => written(Date.now() + HOUR_MS, zone));
  const act = async (reason: string | undefined) => {
    const window = {
      from: read(from, zone).toISOString(),
      until: read(until, zone).toISOString(),
      ...(reason && { reason }),
    };
    await call('putMaintenance', { body: { window } });
    await again();
    told('Planned.');
  };
  return (
    <ReasonDialog
      title="Maintenance window"
      verb="Plan it"
      hint="Shown here, and in the audit log."
      opened
      onClose={onClose}
      because={from && until ? undefined : 'Say from when until when.'}
      act={act}
    >
      <p>
        Runs of the whole workspace that are started within it wait until its end. What runs already goes on: pause it with a job.
      </p>
      <div className="row wrap">
        {(
          [
            ['From', from, setFrom],
            ['Until', until, setUntil],
          ] as const
        ).map(([label, value, set]) => (
          <Field key={label} label={label} hint={zoneWords(zone)}>
            {(id) => (
              <input
                id={id}
                className="input"
                type="datetime-local"
                value={value}
                onChange={(event) => set(event.target.value)}
              />
            )}
          </Field>
        ))}
      </div>
    </ReasonDialog>
  );
}
