import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Run, StepState } from '../api/queries.ts';
import { Clamp } from '../kit/controls.tsx';
import { duration, Time } from '../kit/time.tsx';
import type { RunSearch } from './search.ts';

type Actor = Run['actor'];

export const nameOf = (actor: Actor) => actor.name || actor.email || actor.id;

/** What became of the run, in a sentence: the first thing on its page. */
export function Headline({ run, states }: { run: Run; states: readonly StepState[] }): ReactNode {
  const failed = states.findLast((state) => state.status === 'failed' && state.step === run.error?.step);
  const live = states.filter(
    ({ status, kind }) => (status === 'running' || status === 'waiting') && kind !== 'forEach' && kind !== 'parallel',
  );
  const took = run.started_at && run.ended_at ? duration(Date.parse(run.ended_at) - Date.parse(run.started_at)) : undefined;
  const at = (key: string | null | undefined) =>
    key ? (
      <>
        {' at '}
        <Link from="/runs/$runId" to="." search={(now: RunSearch) => ({ ...now, step: key })}>
          <code>{key}</code>
        </Link>
      </>
    ) : null;
  switch (run.status) {
    case 'failed':
    case 'timed_out':
      return (
        <>
          {run.status === 'failed' ? 'Failed' : 'Ran out of time'}
          {at(failed?.key ?? run.error?.step)}
          {failed && failed.attempts > 1 && ` after ${failed.attempts} attempts`}
          {run.error && (
            <>
              {': '}
              <b>{run.error.name}</b>
            </>
          )}
        </>
      );
    case 'succeeded':
      return <>Succeeded{took && ` in ${took}`}</>;
    case 'skipped':
      return <>Skipped: {run.reason ?? 'its runIf was false'}</>;
    case 'stopped':
      return (
        <>
          Stopped{run.stop && ` by ${nameOf(run.stop.actor)}`}
          {run.stop?.reason && `: ${run.stop.reason}`}
        </>
      );
    case 'draining':
      return (
        <>
          Draining: stopped by {run.stop && nameOf(run.stop.actor)}
          {run.stop?.reason && `, ${run.stop.reason}`}
          {run.stop?.until && (
            <>
              , until <Time at={run.stop.until} exact /> at most
            </>
          )}
        </>
      );
    case 'paused':
      return (
        <>
          Paused{run.pause && ` by ${nameOf(run.pause.actor)}`}
          {run.pause?.reason && `: ${run.pause.reason}`}
        </>
      );
    case 'pending':
      return run.queue ? <Queued queue={run.queue} /> : 'Waits to be started';
    default:
      return (
        <>
          {run.status === 'waiting' ? 'Waiting' : 'Running'}
          {at(live[0]?.key)}
          {live.length > 1 && ` and ${live.length - 1} more`}
          {run.pause && `; paused by ${nameOf(run.pause.actor)}${run.pause.reason ? `: ${run.pause.reason}` : ''}`}
        </>
      );
  }
}

/** What a run waits for that has been accepted and is not let in. */
const Queued = ({ queue: { until, before, exact } }: { queue: NonNullable<Run['queue']> }) =>
  until ? (
    <>
      Waits until <Time at={until} exact />: maintenance
    </>
  ) : (
    <>Waits for its turn{before !== null && `: ${before}${exact ? '' : '+'} before it`}</>
  );

/** The words of the error, whole, below the sentence. */
export const ErrorWords = ({ run }: { run: Run }) =>
  run.error ? <p className="error-line">{<Clamp text={run.error.message} />}</p> : null;
