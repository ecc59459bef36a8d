import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Result } from '../api/call.ts';
import { workflowsQuery } from '../api/queries.ts';
import { Button, Empty, Loading, Problem } from '../kit/controls.tsx';
import { CsvButton } from '../kit/download.tsx';
import { Icon } from '../kit/icons.tsx';
import { Time } from '../kit/time.tsx';
import type { RunsSearch } from '../runs/filter.ts';
import { countedRuns, Figures, percent, RunsLink, Trend, took } from './figures.tsx';
import { RANGES, rangeOf, USUAL_RANGE, useFigures } from './use-figures.ts';
import '../runs/runs.css';
import './analytics.css';
import { Panel } from '../kit/panel.tsx';

/** What became of runs, what fails and why, and how steps do. Every number leads to its runs. */
export function AnalyticsPage() {
  const { range: given, workflow } = useSearch({ from: '/analytics' });
  const navigate = useNavigate({ from: '/analytics' });
  const { data: all = [] } = useQuery(workflowsQuery);
  const range = rangeOf(given);
  const { overview, workflows, steps, failures } = useFigures(range, workflow);
  const set = (more: object) => void navigate({ search: (now: object) => ({ ...now, ...more }) });
  const search: RunsSearch = workflow ? { workflow } : {};
  const figures = overview.data;
  const nameOf = (id: string) => all.find((one) => one.id === id)?.name ?? id;
  return (
    <div className="page">
      <div className="page-head">
        <h1>Analytics</h1>
        <select
          className="select"
          aria-label="Workflow"
          value={workflow ?? ''}
          onChange={(event) => set({ workflow: event.target.value || undefined })}
        >
          <option value="">All workflows</option>
          {all.map((one) => (
            <option key={one.id} value={one.id}>
              {one.title ?? one.name}
            </option>
          ))}
        </select>
        <select className="select" aria-label="Time" value={range} onChange={(event) => set({ range: event.target.value })}>
          {RANGES.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </select>
      </div>
      <div className="row wrap">
        {figures && (
          <span className="chip range">
            <span className="muted">created</span> <Time at={figures.from} exact /> <span className="muted">to</span>{' '}
            <Time at={figures.to} exact />
          </span>
        )}
        {workflow && (
          <span className="chip">
            <span className="muted">workflow</span> {nameOf(workflow)}
            <button type="button" aria-label="Clear workflow" onClick={() => set({ workflow: undefined })}>
              <Icon name="cross" size={12} />
            </button>
          </span>
        )}
        {(workflow || range !== USUAL_RANGE) && (
          <button type="button" className="link" onClick={() => void navigate({ search: {} })}>
            Clear
          </button>
        )}
      </div>
      {overview.isPending && <Loading />}
      {overview.isError && <Problem error={overview.error} retry={() => void overview.refetch()} />}
      {figures?.searched_to && (
        <p className="muted">
          There is too much to read all: counted down to <Time at={figures.searched_to} exact />.
        </p>
      )}
      {figures && figures.runs === 0 && (
        <Empty
          title="No run has ended within this time"
          action={range === '90d' ? undefined : <Button onClick={() => set({ range: '90d' })}>Last 90 days</Button>}
        >
          Runs are counted a few seconds after they have ended. Those of before there were counters are counted by a recount, from{' '}
          <Link to="/settings">Settings</Link>.
        </Empty>
      )}
      {figures && figures.runs > 0 && (
        <>
          <Figures figures={figures} search={search} />
          <Panel
            title={figures.bucket === 'hour' ? 'By hour' : 'By day'}
            label="Trend"
            actions={
              <CsvButton
                name="trend"
                columns={['start', 'runs', 'succeeded', 'failed', 'timed_out', 'stopped', 'skipped', 'steps_executed']}
                rows={figures.trend.map((one) => [
                  one.start,
                  one.runs,
                  one.succeeded,
                  one.failed,
                  one.timed_out,
                  one.stopped,
                  one.skipped,
                  one.steps_executed,
                ])}
              />
            }
          >
            <div className="panel-body">
              <Trend figures={figures} search={search} />
            </div>
          </Panel>
          <Failures answer={failures.data} error={failures.error} />
          {workflow ? (
            <Steps answer={steps.data} error={steps.error} workflow={workflow} />
          ) : (
            <Workflows answer={workflows.data} error={workflows.error} onWorkflow={(id) => set({ workflow: id })} />
          )}
        </>
      )}
    </div>
  );
}

interface TableProps {
  title: string;
  error: unknown;
  isPending: boolean;
  csv: ReactNode;
  none: string;
  count: number;
  head: readonly (readonly [name: string, isRight?: boolean])[];
  children: ReactNode;
}

const Table = ({ title, error, isPending, csv, none, count, head, children }: TableProps) => (
  <Panel title={title} label={title} note={count > 0 && count} actions={count > 0 && csv}>
    {error ? <Problem error={error} /> : isPending && <Loading rows={3} />}
    {!isPending && count === 0 && <p className="panel-body muted">{none}</p>}
    {count > 0 && (
      <div className="scroll">
        <table className="table">
          <thead>
            <tr>
              {head.map(([name, isRight]) => (
                <th key={name} className={isRight ? 'right' : ''}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </div>
    )}
  </Panel>
);

function Workflows({
  answer,
  error,
  onWorkflow,
}: {
  answer: Result<'getWorkflowAnalytics'> | undefined;
  error: unknown;
  onWorkflow: (id: string) => void;
}) {
  const items = answer?.items ?? [];
  const shareOf = (one: (typeof items)[number]) => (one.success_rate === null ? null : 1 - one.success_rate);
  return (
    <Table
      title="Workflows"
      error={error}
      isPending={!answer}
      none="No run has ended."
      count={items.length}
      head={[
        ['Workflow'],
        ['Runs', true],
        ['Failed', true],
        ['Share', true],
        ['Without help', true],
        ['p50', true],
        ['p95', true],
        ['Retries', true],
      ]}
      csv={
        <CsvButton
          name="workflows"
          columns={[
            'workflow_id',
            'workflow',
            'runs',
            'succeeded',
            'failed',
            'timed_out',
            'stopped',
            'skipped',
            'success_rate',
            'unaided_rate',
            'p50_ms',
            'p95_ms',
            'slowest_ms',
            'retries',
          ]}
          rows={items.map((one) => [
            one.workflow_id,
            one.workflow_name,
            one.runs,
            one.succeeded,
            one.failed,
            one.timed_out,
            one.stopped,
            one.skipped,
            one.success_rate,
            one.unaided_rate,
            one.p50_ms,
            one.p95_ms,
            one.slowest_ms,
            one.retries,
          ])}
        />
      }
    >
      {answer &&
        items.map((one) => {
          const runs = (status: string) => countedRuns(answer, { workflow: one.workflow_id, status });
          return (
            <tr key={one.workflow_id}>
              <td>
                <button type="button" className="link" onClick={() => onWorkflow(one.workflow_id)}>
                  {one.workflow_name ?? one.workflow_id}
                </button>
              </td>
              <td className="right">
                <RunsLink search={runs('succeeded,failed,timed_out,stopped,skipped')}>{one.runs.toLocaleString('en')}</RunsLink>
              </td>
              <td className="right">
                <RunsLink search={runs('failed,timed_out')}>{(one.failed + one.timed_out).toLocaleString('en')}</RunsLink>
              </td>
              <td className="right num">{percent(shareOf(one))}</td>
              <td className="right num">{percent(one.unaided_rate)}</td>
              <td className="right num">{took(one.p50_ms)}</td>
              <td className="right num">{took(one.p95_ms)}</td>
              <td className="right num">{one.retries.toLocaleString('en')}</td>
            </tr>
          );
        })}
    </Table>
  );
}

function Steps({
  answer,
  error,
  workflow,
}: {
  answer: Result<'getStepAnalytics'> | undefined;
  error: unknown;
  workflow: string;
}) {
  const items = answer?.items ?? [];
  return (
    <Table
      title="Steps"
      error={error}
      isPending={!answer}
      none="No step has been executed."
      count={items.length}
      head={[
        ['Step'],
        ['Executed', true],
        ['Failed', true],
        ['Share', true],
        ['Retries', true],
        ['p50', true],
        ['p95', true],
        ['Slowest', true],
      ]}
      csv={
        <CsvButton
          name="steps"
          columns={[
            'step_id',
            'executed',
            'succeeded',
            'failed',
            'cancelled',
            'failure_share',
            'retries',
            'p50_ms',
            'p95_ms',
            'slowest_ms',
          ]}
          rows={items.map((one) => [
            one.step_id,
            one.executed,
            one.succeeded,
            one.failed,
            one.cancelled,
            one.failure_share,
            one.retries,
            one.p50_ms,
            one.p95_ms,
            one.slowest_ms,
          ])}
        />
      }
    >
      {answer &&
        items.map((one) => (
          <tr key={one.step_id}>
            <td>
              <code>{one.step_id}</code>
            </td>
            <td className="right">
              <RunsLink search={countedRuns(answer, { workflow })}>{one.executed.toLocaleString('en')}</RunsLink>
            </td>
            <td className="right">
              <RunsLink search={countedRuns(answer, { workflow, status: 'failed,timed_out' })}>
                {one.failed.toLocaleString('en')}
              </RunsLink>
            </td>
            <td className="right num">{percent(one.failure_share)}</td>
            <td className="right num">{one.retries.toLocaleString('en')}</td>
            <td className="right num">{took(one.p50_ms)}</td>
            <td className="right num">{took(one.p95_ms)}</td>
            <td className="right num">{took(one.slowest_ms)}</td>
          </tr>
        ))}
    </Table>
  );
}

function Failures({ answer, error }: { answer: Result<'getFailureAnalytics'> | undefined; error: unknown }) {
  const items = answer?.items ?? [];
  return (
    <Table
      title="Failures by cause"
      error={error}
      isPending={!answer}
      none="Nothing has failed."
      count={items.length}
      head={[['Count', true], ['Error'], ['Workflow'], ['First'], ['Last'], ['Sample']]}
      csv={
        <CsvButton
          name="failures"
          columns={[
            'fingerprint',
            'count',
            'error',
            'message',
            'step_id',
            'workflow_id',
            'workflow',
            'first_at',
            'last_at',
            'sample_run_id',
          ]}
          rows={items.map((one) => [
            one.fingerprint,
            one.count,
            one.error.name,
            one.error.message,
            one.step_id,
            one.workflow_id,
            one.workflow_name,
            one.first_at,
            one.last_at,
            one.sample_run_id,
          ])}
        />
      }
    >
      {answer &&
        items.map((one) => (
          <tr key={one.fingerprint}>
            <td className="right">
              <RunsLink
                className="pill bad"
                search={countedRuns(answer, { workflow: one.workflow_id, status: 'failed,timed_out', error: one.error.name })}
              >
                {one.count.toLocaleString('en')}
              </RunsLink>
            </td>
            <td className="cause">
              <span className="cut block" title={one.error.message}>
                <b>{one.error.name}</b>
                {one.step_id && (
                  <>
                    {' at '}
                    <code>{one.step_id}</code>
                  </>
                )}
                <span className="muted">: {one.error.message}</span>
              </span>
            </td>
            <td>{one.workflow_name ?? one.workflow_id}</td>
            <td className="muted">{one.first_at && <Time at={one.first_at} />}</td>
            <td className="muted">{one.last_at && <Time at={one.last_at} />}</td>
            <td>
              {one.sample_run_id && (
                <Link to="/runs/$runId" params={{ runId: one.sample_run_id }}>
                  Last one
                </Link>
              )}
            </td>
          </tr>
        ))}
    </Table>
  );
}
