import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call, type Result } from '../api/call.ts';
import { meQuery, queries } from '../api/queries.ts';
import { Button, Loading, Problem } from '../kit/controls.tsx';
import { told } from '../kit/told.tsx';
import { MaintenancePanel } from './maintenance.tsx';
import { retentionQuery } from './queries.ts';
import { RetentionForm } from './retention.tsx';
import './settings.css';
import { Panel } from '../kit/panel.tsx';

/** What holds for the whole workspace. */
export function SettingsPage() {
  const { data: me } = useQuery(meQuery);
  const retention = useQuery(retentionQuery);
  const mayNot = me?.role === 'admin' ? undefined : 'This takes the role admin.';
  return (
    <div className="page settings">
      <div className="page-head">
        <h1>Settings</h1>
      </div>
      <Panel title="Retention">
        <div className="panel-body stack">
          <p className="muted">
            How long runs of this workspace are kept after their end, with their log, values and comments. A workflow may say
            something else, under its Settings. It counts for runs that start from now on.
          </p>
          {retention.isPending && <Loading rows={2} />}
          {retention.isError && <Problem error={retention.error} />}
          {retention.data && (
            <RetentionForm
              key={JSON.stringify(retention.data)}
              days={retention.data}
              most={retention.data.most}
              otherwise={() => `days; ${retention.data.most} unless said`}
              because={
                mayNot ?? (me?.project_id ? 'This key is of one project; retention is of the whole workspace.' : undefined)
              }
              save={(days) =>
                call('putRetention', { body: days }).then(() => {
                  told('Saved.');
                  return queries.invalidateQueries({ queryKey: ['retention'] });
                })
              }
            />
          )}
        </div>
      </Panel>
      <MaintenancePanel
        because={mayNot ?? (me?.project_id ? 'This key is of one project; the window is of the whole workspace.' : undefined)}
      />
      <Panel title="Counters">
        <div className="panel-body stack">
          <p className="muted">
            Analytics are read from counters. A recount makes them agree with the runs that there are: it counts what was missed
            and corrects what was counted otherwise. What is right stays as it is.
          </p>
          <Recount because={mayNot} />
        </div>
      </Panel>
    </div>
  );
}

type Recounted = Pick<Result<'recountRuns'>, 'looked' | 'counted' | 'corrected'>;

/** Counts piece by piece until all is done, or somebody stops it: what has been counted stays. */
function Recount({ because }: { because: string | undefined }) {
  const [sum, setSum] = useState<Recounted>();
  const [state, setState] = useState<'running' | 'done' | 'stopped'>();
  const [error, setError] = useState<unknown>();
  const [stop, setStop] = useState<AbortController>();
  const run = async () => {
    const stopped = new AbortController();
    setStop(stopped);
    setState('running');
    setError(undefined);
    let all: Recounted = { looked: 0, counted: 0, corrected: 0 };
    setSum(all);
    try {
      for (let token: string | null = ''; token !== null; ) {
        const next: Result<'recountRuns'> = await call(
          'recountRuns',
          { body: token ? { continuation_token: token } : {} },
          stopped.signal,
        );
        all = {
          looked: all.looked + next.looked,
          counted: all.counted + next.counted,
          corrected: all.corrected + next.corrected,
        };
        setSum(all);
        token = next.continuation_token;
      }
      setState('done');
      await queries.invalidateQueries({ queryKey: ['analytics'] });
    } catch (thrown) {
      setState('stopped');
      if (!stopped.signal.aborted) setError(thrown);
    }
  };
  const count = (number: number) => number.toLocaleString('en');
  return (
    <div className="stack">
      <div className="row wrap">
        <Button icon="refresh" because={state === 'running' ? 'It is counting.' : because} onClick={() => void run()}>
          Recount
        </Button>
        {state === 'running' && <Button onClick={() => stop?.abort()}>Stop</Button>}
        <span role="status" className="muted num">
          {sum &&
            `${count(sum.looked)} runs looked at, ${count(sum.counted)} counted anew, ${count(sum.corrected)} corrected${
              state === 'done' ? ': done.' : state === 'stopped' ? ': stopped.' : '…'
            }`}
        </span>
      </div>
      {error !== undefined && <Problem error={error} />}
    </div>
  );
}
