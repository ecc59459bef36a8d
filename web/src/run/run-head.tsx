import { Link, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { call } from '../api/call.ts';
import { type Run, runsChanged, type StepState } from '../api/queries.ts';
import { Button, Copy, copyText, Id } from '../kit/controls.tsx';
import { useKeys } from '../kit/keyboard.ts';
import { Choices } from '../kit/menu.tsx';
import { lookOf, Status } from '../kit/status.tsx';
import { Time, Took } from '../kit/time.tsx';
import { tellProblem, told } from '../kit/told.tsx';
import { CompareDialog } from './compare-dialog.tsx';
import { rerunAsCurl } from './curl.ts';
import { ErrorWords, Headline, nameOf } from './headline.tsx';
import { RecoverDialog, type RerunFrom } from './recover.tsx';
import { LabelsDialog, PauseDialog, StopDialog } from './steer.tsx';
import { TestDialog } from './test-dialog.tsx';

type Asked = { dialog: 'rerun'; from: RerunFrom } | { dialog: 'stop' | 'pause' | 'labels' | 'compare' | 'test' };

/** What became of the run, where it comes from, and what may be done with it. */
export function RunHead({ run, states, recover }: { run: Run; states: readonly StepState[]; recover: boolean }) {
  const [asked, setAsked] = useState<Asked | undefined>(recover ? { dialog: 'rerun', from: 'failed' } : undefined);
  const navigate = useNavigate();
  const may = (name: string) => run.actions.find(({ action }) => action === name)?.reason ?? null;
  const isAllowed = (name: string) => run.actions.some(({ action, allowed }) => action === name && allowed);
  const failedStep = run.error?.step ?? states.find(({ status }) => status === 'failed')?.key.replace(/\[.*$/, '');
  const rerun = (from: RerunFrom) => () => setAsked({ dialog: 'rerun', from });
  const resume = () =>
    call('commandWorkflow', { params: { workflow_id: run.workflow_id }, body: { command: 'resume', run_id: run.id } }).then(
      () => runsChanged(run.id).then(() => told('Resumed.')),
      tellProblem,
    );
  const archive = () =>
    call('changeRun', { params: { run_id: run.id }, body: { archived: !run.archived } }).then(
      () => runsChanged(run.id),
      tellProblem,
    );
  const edit = () =>
    void navigate({
      to: '/workflows/$workflowId',
      params: { workflowId: run.workflow_id },
      search: { tab: 'edit', run: run.id },
    });
  const closed = () => setAsked(undefined);
  useKeys({ '.': () => document.querySelector<HTMLElement>('[data-actions]')?.click() });
  const named = run.reference ?? run.name;
  return (
    <header className={`run-head ${lookOf(run.status).tone}`}>
      <div className="run-title">
        <p className="crumbs">
          <Link to="/runs" search={{}}>
            Runs
          </Link>
          {' / '}
          <Link to="/workflows/$workflowId" params={{ workflowId: run.workflow_id }}>
            {run.workflow_name}
          </Link>
        </p>
        <h1>
          <span className="cut">{named}</span>
          <Status status={run.status} />
          {run.archived && <span className="pill">archived</span>}
        </h1>
        <p className="headline" data-headline>
          <Headline run={run} states={states} />
        </p>
        <ErrorWords run={run} />
      </div>
      <div className="run-actions">
        {isAllowed('rerun_from_failed') && (
          <Button kind="primary" icon="redo" onClick={rerun('failed')}>
            Recover{failedStep ? ` from ${failedStep}` : ''}
          </Button>
        )}
        {run.error && (
          <Button icon="edit" onClick={edit}>
            Correct the workflow
          </Button>
        )}
        {isAllowed('resume') && (
          <Button kind="primary" icon="play" onClick={resume}>
            Resume
          </Button>
        )}
        {isAllowed('pause') && (
          <Button icon="pause" onClick={() => setAsked({ dialog: 'pause' })}>
            Pause
          </Button>
        )}
        {isAllowed('stop') && (
          <Button icon="stop" onClick={() => setAsked({ dialog: 'stop' })}>
            Stop
          </Button>
        )}
        {run.status === 'succeeded' && (
          <Button icon="redo" onClick={rerun('start')}>
            Run again
          </Button>
        )}
        <Button icon="compare" onClick={() => setAsked({ dialog: 'compare' })}>
          Compare
        </Button>
        <Choices
          choices={[
            { label: 'Recover from the failed step', icon: 'redo', because: may('rerun_from_failed'), act: rerun('failed') },
            { label: 'Run again from the start', icon: 'refresh', because: may('rerun'), act: rerun('start') },
            { label: 'Run again from a step', icon: 'right', because: may('rerun'), act: rerun('step') },
            'line',
            { label: 'Pause', icon: 'pause', because: may('pause'), act: () => setAsked({ dialog: 'pause' }) },
            { label: 'Resume', icon: 'play', because: may('resume'), act: resume },
            { label: 'Stop', icon: 'stop', danger: true, because: may('stop'), act: () => setAsked({ dialog: 'stop' }) },
            'line',
            {
              label: 'Edit the workflow',
              icon: 'edit',
              act: edit,
            },
            {
              label: 'Make a test of it',
              icon: 'tests',
              because: run.ended_at ? undefined : 'It has not ended yet.',
              act: () => setAsked({ dialog: 'test' }),
            },
            { label: 'Labels', icon: 'tag', act: () => setAsked({ dialog: 'labels' }) },
            { label: run.archived ? 'Bring back from the archive' : 'Archive', icon: 'archive', act: archive },
            { label: 'Copy the link', icon: 'copy', act: () => copyText(`${location.origin}/runs/${run.id}`) },
            {
              label: 'Copy rerun as curl',
              icon: 'copy',
              act: () => copyText(rerunAsCurl(location.origin, run.id, run.status === 'succeeded' ? 'start' : 'failed')),
            },
          ]}
        >
          <button type="button" className="button" data-actions aria-label="More actions">
            More
          </button>
        </Choices>
      </div>
      <dl className="run-facts">
        <Fact name="Reference">
          {run.reference === null ? (
            <span className="faint">none</span>
          ) : (
            <span className="id">
              <span className="cut">{run.reference}</span>
              <Copy text={run.reference} label="Copy the reference" />
            </span>
          )}
        </Fact>
        <Fact name="Version">{run.version === null ? 'draft' : `v${run.version}`}</Fact>
        <Fact name="Trigger">
          {run.trigger} <span className="muted">by {nameOf(run.actor)}</span>
        </Fact>
        <Fact name="Started">
          <Time at={run.started_at ?? run.created_at} />
        </Fact>
        <Fact name="Took">
          <Took from={run.started_at ?? run.created_at} to={run.ended_at} />
        </Fact>
        {!run.ended_at && (
          <Fact name="Deadline">
            <Time at={run.deadline} />
          </Fact>
        )}
        {run.queue && (
          <Fact name="Queue">
            since <Time at={run.queue.since} />
            {run.queue.before !== null && `, ${run.queue.before}${run.queue.exact ? '' : '+'} before it`}
            {run.queue.limit !== null && `, ${run.queue.limit} at once`}
            {run.queue.key !== null && ` for ${run.queue.key}`}
            {run.queue.until && (
              <>
                , not before <Time at={run.queue.until} exact />
              </>
            )}
          </Fact>
        )}
        {run.pause && (
          <Fact name="Paused">
            by {nameOf(run.pause.actor)}, <Time at={run.pause.at} />
            {run.pause.reason && `: ${run.pause.reason}`}
          </Fact>
        )}
        {run.stop && (
          <Fact name="Stopped">
            by {nameOf(run.stop.actor)}, <Time at={run.stop.at} />
            {run.stop.mode === 'graceful' && ', gracefully'}
            {run.stop.reason && `: ${run.stop.reason}`}
          </Fact>
        )}
        {run.parent && (
          <Fact name={run.trigger === 'parent' ? 'Parent' : 'Runs again'}>
            <Link to="/runs/$runId" params={{ runId: run.parent }}>
              {run.attempt > 1 ? `attempt ${run.attempt - 1}` : 'its parent'}
            </Link>
          </Fact>
        )}
        {run.children.length > 0 && (
          <Fact name={run.children.every(({ trigger }) => trigger === 'rerun') ? 'Run again as' : 'Children'}>
            <span className="row wrap">
              {run.children.slice(0, 6).map((child) => (
                <Link key={child.id} to="/runs/$runId" params={{ runId: child.id }} className="child">
                  <Status status={child.status} quiet />
                </Link>
              ))}
              {run.children.length > 6 && (
                <Link to="/runs" search={{ parent: run.id, archived: 'any' }}>
                  all {run.children.length}
                </Link>
              )}
            </span>
          </Fact>
        )}
        {run.labels.length > 0 && (
          <Fact name="Labels">
            <span className="row wrap">
              {run.labels.map((label) => (
                <Link key={label} to="/runs" search={{ label }} className="pill">
                  {label}
                </Link>
              ))}
            </span>
          </Fact>
        )}
        <Fact name="Id">
          <Id id={run.id} />
        </Fact>
      </dl>
      {asked?.dialog === 'rerun' && (
        <RecoverDialog run={run} states={states} from={asked.from} newest={recover} onClose={closed} />
      )}
      <StopDialog run={run} opened={asked?.dialog === 'stop'} onClose={closed} />
      <PauseDialog run={run} opened={asked?.dialog === 'pause'} onClose={closed} />
      {asked?.dialog === 'compare' && <CompareDialog run={run} onClose={closed} />}
      {asked?.dialog === 'test' && <TestDialog run={run} onClose={closed} />}
      {asked?.dialog === 'labels' && <LabelsDialog run={run} opened onClose={closed} />}
    </header>
  );
}

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);
