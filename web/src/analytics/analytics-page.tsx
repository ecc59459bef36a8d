import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { workflowsQuery } from '../api/queries.ts';
import { Button, Empty, Loading, Problem } from '../kit/controls.tsx';
import { CsvButton } from '../kit/download.tsx';
import { Icon } from '../kit/icons.tsx';
import { Time } from '../kit/time.tsx';
import type { RunsSearch } from '../runs/filter.ts';
import { FailuresTable } from './failures-table.tsx';
import { Durations, Figures, Trend } from './figures.tsx';
import { ScopeChoice } from './scope-choice.tsx';
import { StepsTable } from './steps-table.tsx';
import { rangeOf, USUAL_RANGE, useFigures } from './use-figures.ts';
import { WorkflowsTable } from './workflows-table.tsx';
import '../runs/runs.css';
import './analytics.css';
import { Panel } from '../kit/panel.tsx';

const TREND = [
  'start',
  'runs',
  'succeeded',
  'failed',
  'timed_out',
  'stopped',
  'skipped',
  'steps_executed',
  'p50_ms',
  'p95_ms',
] as const;

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
        <ScopeChoice workflows={all} workflow={workflow} range={range} set={set} />
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
            actions={<CsvButton name="trend" columns={TREND} rows={figures.trend.map((one) => TREND.map((name) => one[name]))} />}
          >
            <div className="panel-body">
              <Trend figures={figures} search={search} />
            </div>
          </Panel>
          <Panel title="How long they took" note="half of them, and all but 5 %">
            <div className="panel-body">
              <Durations figures={figures} search={search} />
            </div>
          </Panel>
          <FailuresTable answer={failures.data} error={failures.error} />
          {workflow ? (
            <StepsTable answer={steps.data} error={steps.error} workflow={workflow} />
          ) : (
            <WorkflowsTable answer={workflows.data} error={workflows.error} onWorkflow={(id) => set({ workflow: id })} />
          )}
        </>
      )}
    </div>
  );
}
