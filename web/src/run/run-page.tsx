import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useMemo, useState } from 'react';
import { Refused } from '../api/call.ts';
import type { Run } from '../api/queries.ts';
import { Empty, Loading, Problem, Segments } from '../kit/controls.tsx';
import { useKeys } from '../kit/keyboard.ts';
import { Comments } from './comments.tsx';
import { Inspector } from './inspector.tsx';
import { LogPanel } from './log.tsx';
import { RunHead } from './run-head.tsx';
import { firstStep, useSteps } from './steps.ts';
import { StepsList } from './steps-list.tsx';
import { type Log, useLog, useRun } from './use-live.ts';
import './run.css';
import { Panel } from '../kit/panel.tsx';
import type { RunSearch } from './search.ts';

const Graph = lazy(() => import('../graph/graph.tsx').then(({ Graph: component }) => ({ default: component })));

/** One run: what became of it in words, its steps, what each was given and gave, its log. */
export function RunPage() {
  const { runId } = useParams({ from: '/runs/$runId' });
  const run = useRun(runId);
  const log = useLog(runId, run.data && run.data.ended_at === null);
  if (run.isPending)
    return (
      <div className="page">
        <Loading rows={8} />
      </div>
    );
  if (run.isError && !run.data)
    return (
      <div className="page">
        {run.error instanceof Refused && run.error.status === 404 ? (
          <Empty title="There is no such run">It may have been deleted, or belong to another workspace or project.</Empty>
        ) : (
          <Problem error={run.error} retry={() => void run.refetch()} />
        )}
      </div>
    );
  return run.data ? <Shown key={runId} run={run.data} log={log} /> : null;
}

const VIEWS = [
  ['list', 'Timeline'],
  ['graph', 'Graph'],
] as const;

function Shown({ run, log }: { run: Run; log: Log }) {
  const search = useSearch({ from: '/runs/$runId' });
  const navigate = useNavigate({ from: '/runs/$runId' });
  const steps = useSteps(run);
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map());
  const selected = search.step ?? firstStep(run, steps.states) ?? 'run';
  const open = useMemo(() => {
    const keys = new Set<string>(selected.match(/^.*?(?=\[\d+\])/g) ?? []);
    for (const [key, isOpen] of toggled)
      if (isOpen) keys.add(key);
      else keys.delete(key);
    for (const scope of selected.matchAll(/.*?\]\//g)) keys.add(selected.slice(0, (scope.index ?? 0) + scope[0].length));
    return keys;
  }, [selected, toggled]);
  const rows = steps.rows(open);
  const select = (step: string) =>
    void navigate({ search: (now: RunSearch) => ({ ...now, step }), replace: true, resetScroll: false });
  const move = (by: number) => {
    const at = rows.findIndex(({ key }) => key === selected);
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (next) select(next.key);
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
  const view = search.view === 'graph' ? 'graph' : 'list';
  return (
    <div className="page run-page">
      <RunHead run={run} states={steps.states} recover={search.recover === 'latest'} />
      {steps.error && <Problem error={steps.error} />}
      <div className="run-body">
        <Panel
          title="Steps"
          className="run-steps"
          note={counts(run)}
          actions={
            <Segments
              label="View"
              value={view}
              options={VIEWS}
              onChange={(next) =>
                void navigate({
                  search: (now: RunSearch) => ({ ...now, view: next === 'list' ? undefined : next }),
                  replace: true,
                  resetScroll: false,
                })
              }
            />
          }
        >
          {steps.isPending ? (
            <Loading rows={6} />
          ) : view === 'graph' && steps.plan ? (
            <Suspense fallback={<Loading rows={6} />}>
              <Graph steps={steps.plan.steps} states={steps.states} selected={selected} onSelect={select} />
            </Suspense>
          ) : (
            <StepsList
              run={run}
              rows={rows}
              lines={log.lines}
              selected={selected}
              open={open}
              onSelect={select}
              onToggle={(key) => setToggled((now) => new Map(now).set(key, !open.has(key)))}
            />
          )}
        </Panel>
        <Inspector
          run={run}
          selected={selected}
          rows={rows}
          states={steps.states}
          variables={steps.variables}
          source={steps.source}
          log={log}
          onSelect={select}
        />
      </div>
      <LogPanel run={run} log={log} />
      <Comments run={run} />
    </div>
  );
}

function counts({ steps }: Run): string {
  const words = (['failed', 'running', 'waiting', 'succeeded', 'skipped', 'cancelled'] as const).flatMap((name) =>
    steps[name] ? [`${steps[name]} ${name}`] : [],
  );
  return words.join(' · ');
}
