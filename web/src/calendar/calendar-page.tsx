import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Button, Empty, Loading, Problem } from '../kit/controls.tsx';
import { Icon } from '../kit/icons.tsx';
import { clock, shortClock, useZone, weekday } from '../kit/time.tsx';
import { zoneWords } from '../kit/zone.ts';
import { bySchedule, type Fire, type FiresOfOne, type UpcomingDay, useUpcoming } from './use-upcoming.ts';
import './calendar.css';
import { Panel } from '../kit/panel.tsx';

const MARKS: Record<string, string> = {
  shifted: 'moved by the clock change',
  first: 'first of two',
  second: 'second of two',
};

/** What the clock starts today and on the next seven days, of all workflows. */
export function CalendarPage() {
  const { day: chosen } = useSearch({ from: '/calendar' });
  const navigate = useNavigate({ from: '/calendar' });
  const zone = useZone();
  const days = useUpcoming();
  const known = days.flatMap(({ query }) => query?.data ?? []);
  const failed = days.find(({ query }) => query?.isError)?.query;
  const open = known.find(({ day }) => day === chosen);
  const isEmpty = known.length === days.length && known.every(({ fires, leftOut }) => fires.length + leftOut.length === 0);
  const choose = (day: string) => void navigate({ search: day === chosen ? {} : { day }, replace: true, resetScroll: false });
  return (
    <div className="page">
      <div className="page-head">
        <h1>Calendar</h1>
        <span className="muted">What schedules start today and in the next 7 days, in {zoneWords(zone)}</span>
      </div>
      {failed && <Problem error={failed.error} retry={() => void Promise.all(days.map(({ query }) => query?.refetch()))} />}
      {known.some(({ isTruncated }) => isTruncated) && (
        <p className="muted">There are more than 1,000 schedules: these are fires of the newest.</p>
      )}
      {isEmpty ? (
        <Empty
          title="Nothing is scheduled for the next 7 days"
          action={
            <Link to="/workflows" className="button">
              To the workflows
            </Link>
          }
        >
          Schedules are made under Triggers of a workflow. Those that are paused are not shown here.
        </Empty>
      ) : (
        <div className="calendar">
          {days.map(({ day, start, query }) => (
            <section key={day} className="panel" aria-label={weekday(start)}>
              <button type="button" className="day-head" aria-pressed={day === chosen} onClick={() => choose(day)}>
                <b>{weekday(start)}</b>
                {query?.data && (
                  <span className="muted num">
                    {query.data.fires.length.toLocaleString('en')}
                    {query.data.isCut && '+'}
                  </span>
                )}
              </button>
              {query?.isPending && <Loading rows={3} />}
              {query?.data && <Day day={query.data} />}
            </section>
          ))}
        </div>
      )}
      {open && <WholeDay key={open.day} day={open} />}
    </div>
  );
}

/** A line for each schedule, however often it fires. */
function Day({ day }: { day: UpcomingDay }) {
  return (
    <>
      <ClockChanges day={day} />
      <ul className="day-fires">
        {bySchedule(day.fires).map((one) => (
          <li key={one.first.schedule_id} className={one.first.workflow_enabled ? '' : 'off'}>
            <span className="num">{timesOf(one)}</span>
            <ToSchedule fire={one.first} />
            <span className="muted cut">{one.first.workflow_name}</span>
          </li>
        ))}
      </ul>
      {day.fires.length === 0 && <p className="muted day-none">Nothing</p>}
    </>
  );
}

const NAMED = 3;
function timesOf({ fires, first, last }: FiresOfOne): string {
  if (fires.length <= NAMED) return fires.map(({ due_at }) => shortClock(due_at)).join(', ');
  return `${shortClock(first.due_at)} to ${shortClock(last.due_at)}, ${fires.length.toLocaleString('en')} times`;
}

function ClockChanges({ day: { clockChanges, leftOut } }: { day: UpcomingDay }) {
  if (clockChanges.length + leftOut.length === 0) return null;
  return (
    <ul className="clock-changes">
      {clockChanges.map(({ timezone, at, from, to }) => (
        <li key={`${timezone} ${at}`}>
          <Icon name="clock" size={13} />
          <span>
            {shortClock(at)}: the clock of {timezone} changes from {from} to {to}
          </span>
        </li>
      ))}
      {leftOut.map(({ schedule_id, local }) => (
        <li key={`${schedule_id} ${local}`}>
          <Icon name="skip" size={13} />
          <span>{local.replace('T', ' ')} is left out by its rule for clock changes</span>
        </li>
      ))}
    </ul>
  );
}

const ToSchedule = ({ fire }: { fire: Fire }) => (
  <Link
    to="/workflows/$workflowId"
    params={{ workflowId: fire.workflow_id }}
    search={{ tab: 'triggers' }}
    className="cut"
    title={fire.schedule_name}
  >
    {fire.schedule_name}
  </Link>
);

const SHOWN = 200;

/** Every fire of a day, with what its own clock says then. */
function WholeDay({ day }: { day: UpcomingDay }) {
  const [most, setMost] = useState(SHOWN);
  return (
    <Panel
      title={weekday(day.start)}
      label={`All of ${weekday(day.start)}`}
      note={
        <>
          <span className="muted num">{day.fires.length.toLocaleString('en')}</span>
          {day.isCut && <span className="muted">There are more: narrow it by workflow over the API.</span>}
        </>
      }
    >
      {day.fires.length === 0 ? (
        <p className="panel-body muted">No schedule fires on this day any more.</p>
      ) : (
        <div className="scroll">
          <table className="table">
            <thead>
              <tr>
                <th>At</th>
                <th>Schedule</th>
                <th>Workflow</th>
                <th>By its clock</th>
                <th>Note</th>
              </tr>
            </thead>
            <tbody>
              {day.fires.slice(0, most).map((fire) => (
                <tr key={`${fire.schedule_id} ${fire.at} ${fire.local}`}>
                  <td className="num">{clock(fire.due_at)}</td>
                  <td>
                    <ToSchedule fire={fire} />
                  </td>
                  <td>{fire.workflow_name}</td>
                  <td className="muted num">
                    {fire.local.replace('T', ' ')} {fire.timezone}
                  </td>
                  <td>
                    {!fire.workflow_enabled && <span className="pill warn">turned off: will be skipped</span>}
                    {fire.mark && <span className="pill">{MARKS[fire.mark]}</span>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {day.fires.length > most && <Button onClick={() => setMost(day.fires.length)}>Show all {day.fires.length}</Button>}
    </Panel>
  );
}
