import forms from 'virtual:forms';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type BodyOf, call } from '../api/call.ts';
import { runsChanged, type Workflow } from '../api/queries.ts';
import { Button, Loading, Problem } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { changeOf, FormDialog, valuesOf } from '../kit/form-dialog.tsx';
import { Panel } from '../kit/panel.tsx';
import { defaultsOf } from '../kit/schema.ts';
import { Time } from '../kit/time.tsx';
import { tellProblem, told } from '../kit/told.tsx';
import { More } from './more.tsx';
import { type Schedule, schedulesQuery, triggersChanged } from './queries.ts';

type Asked = { act: 'new' } | { act: 'change' | 'delete'; schedule: Schedule };

/** What the clock starts. */
export function Schedules({ workflow }: { workflow: Workflow }) {
  const schedules = useQuery(schedulesQuery(workflow.id));
  const [asked, setAsked] = useState<Asked>();
  const items = schedules.data?.items ?? [];
  const paramsOf = ({ id }: Schedule) => ({ workflow_id: workflow.id, schedule_id: id });
  const again = () => triggersChanged(workflow.id);
  const turn = (id: 'pauseSchedule' | 'resumeSchedule', schedule: Schedule) =>
    call(id, { params: paramsOf(schedule) }).then(() => {
      told(id === 'pauseSchedule' ? 'Paused: its fires are recorded as skipped.' : 'It fires again.');
      return again();
    }, tellProblem);
  const fire = (schedule: Schedule) =>
    call('triggerSchedule', { params: paramsOf(schedule) }).then((fired) => {
      told(`It was ${fired.outcome}.`, fired.outcome === 'rejected' ? 'bad' : 'good');
      return Promise.all([again(), runsChanged()]);
    }, tellProblem);
  const closed = () => setAsked(undefined);
  return (
    <Panel
      title="Schedules"
      note={items.length > 0 && items.length}
      actions={
        <Button icon="plus" onClick={() => setAsked({ act: 'new' })}>
          New schedule
        </Button>
      }
    >
      {schedules.isPending && <Loading rows={2} />}
      {schedules.isError && <Problem error={schedules.error} />}
      {schedules.isSuccess && items.length === 0 && (
        <p className="panel-body muted">
          None. A schedule says <code>daily at 09:00</code>, <code>rate(5 minutes)</code> or cron, in a time zone.
        </p>
      )}
      {items.length > 0 && (
        <ul className="trigger-list">
          {items.map((schedule) => (
            <li key={schedule.id}>
              <div className="row wrap">
                <b>{schedule.name}</b>
                <code>{schedule.expression}</code>
                <span className="muted">{schedule.timezone}</span>
                {schedule.enabled ? <span className="pill good">on</span> : <span className="pill">paused</span>}
                {schedule.queued > 0 && <span className="pill warn">{schedule.queued} queued</span>}
                <span className="grow" />
                <Button onClick={() => void turn(schedule.enabled ? 'pauseSchedule' : 'resumeSchedule', schedule)}>
                  {schedule.enabled ? 'Pause' : 'Resume'}
                </Button>
                <More
                  name={schedule.name}
                  first={[{ label: 'Start a run now', icon: 'play', act: () => void fire(schedule) }]}
                  change={() => setAsked({ act: 'change', schedule })}
                  remove={() => setAsked({ act: 'delete', schedule })}
                />
              </div>
              <p className="muted">
                {schedule.next_fire ? (
                  <>
                    Next <Time at={schedule.next_fire} exact />
                  </>
                ) : (
                  (schedule.reason ?? (schedule.enabled ? 'It fires no more' : 'Its fires are recorded as skipped'))
                )}
                {schedule.last_run && (
                  <>
                    {'. '}
                    <Link to="/runs/$runId" params={{ runId: schedule.last_run.run_id }}>
                      Last run
                    </Link>
                    {', of '}
                    <Time at={schedule.last_run.nominal} />
                  </>
                )}
                {schedule.failures > 0 && `. ${schedule.failures} failed in a row`}. While the run before lives:{' '}
                {schedule.overlap}.
              </p>
            </li>
          ))}
        </ul>
      )}
      {asked?.act === 'new' && (
        <FormDialog
          title="New schedule"
          verb="Create"
          schema={forms.schedule}
          values={defaultsOf(forms.schedule)}
          onClose={closed}
          save={(values, reason) =>
            call('createSchedule', {
              params: { workflow_id: workflow.id },
              body: values as BodyOf<'createSchedule'>,
              ...(reason && { reason }),
            }).then(again)
          }
        />
      )}
      {asked?.act === 'change' && (
        <FormDialog
          title={`Settings of ${asked.schedule.name}`}
          verb="Save"
          schema={forms.schedule}
          values={valuesOf(forms.schedule, asked.schedule)}
          onClose={closed}
          save={(values, reason) =>
            call('changeSchedule', {
              params: paramsOf(asked.schedule),
              body: changeOf(forms.schedule, valuesOf(forms.schedule, asked.schedule), values) as BodyOf<'changeSchedule'>,
              ...(reason && { reason }),
            }).then(again)
          }
        />
      )}
      {asked?.act === 'delete' && (
        <ReasonDialog
          title={`Delete ${asked.schedule.name}`}
          verb="Delete"
          danger
          opened
          onClose={closed}
          act={(reason) => call('deleteSchedule', { params: paramsOf(asked.schedule), ...(reason && { reason }) }).then(again)}
        >
          <p>It starts nothing any more. What became of its fires stays readable.</p>
        </ReasonDialog>
      )}
    </Panel>
  );
}
