import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { workflowQuery } from '../api/queries.ts';
import { Loading, Problem } from '../kit/controls.tsx';
import { RunsList } from '../runs/runs-list.tsx';
import { OverviewPanel } from './overview-panel.tsx';
import { SettingsPanel } from './settings-panel.tsx';
import { StartPanel } from './start-panel.tsx';
import { VersionsPanel } from './versions-panel.tsx';
import './workflows.css';

const Editor = lazy(() => import('../editor/editor.tsx').then(({ Editor: component }) => ({ default: component })));

const TestsPanel = lazy(() => import('./tests-panel.tsx').then(({ TestsPanel: component }) => ({ default: component })));
const TriggersPanel = lazy(() =>
  import('../triggers/triggers-panel.tsx').then(({ TriggersPanel: component }) => ({ default: component })),
);

const TABS = [
  ['runs', 'Runs'],
  ['overview', 'Overview'],
  ['start', 'Start'],
  ['edit', 'Edit'],
  ['versions', 'Versions'],
  ['triggers', 'Triggers'],
  ['tests', 'Tests'],
  ['settings', 'Settings'],
] as const;

const OF_WORKFLOW = ['workflow'] as const;

/** One workflow: how it does, its runs, a start by hand, its text and graph, what starts it, its tests. */
export function WorkflowPage() {
  const { workflowId } = useParams({ from: '/workflows/$workflowId' });
  const { tab = 'runs', run: afterRun, case: _case, of: _of, as: _as, ...filter } = useSearch({ from: '/workflows/$workflowId' });
  const navigate = useNavigate({ from: '/workflows/$workflowId' });
  const workflow = useQuery(workflowQuery(workflowId));
  if (workflow.isError && !workflow.data)
    return (
      <div className="page">
        <Problem error={workflow.error} />
      </div>
    );
  if (!workflow.data)
    return (
      <div className="page">
        <Loading />
      </div>
    );
  const { name, title, published_version: version, enabled, description } = workflow.data;
  return (
    <div className="page">
      <div className="page-head">
        <h1>{title ?? name}</h1>
        {title && <code className="faint">{name}</code>}
        <span className="pill">{version === null ? 'not published' : `v${version}`}</span>
        {!enabled && <span className="pill warn">turned off</span>}
      </div>
      {description && <p className="muted">{description}</p>}
      <nav className="tabs" aria-label="Workflow">
        {TABS.map(([one, word]) => (
          <Link
            key={one}
            to="/workflows/$workflowId"
            params={{ workflowId }}
            search={one === 'runs' ? {} : { tab: one }}
            className={one === tab ? 'at' : ''}
            activeProps={{ 'aria-current': undefined }}
            aria-current={one === tab ? 'page' : undefined}
          >
            {word}
          </Link>
        ))}
      </nav>
      {tab === 'runs' && (
        <RunsList
          search={{ ...filter, workflow: workflowId }}
          fixed={OF_WORKFLOW}
          onSearch={({ workflow: _, ...next }, replace) => void navigate({ search: next, replace: replace ?? false })}
        />
      )}
      {tab === 'start' && <StartPanel workflow={workflow.data} />}
      {tab === 'overview' && <OverviewPanel workflow={workflow.data} />}
      {tab === 'settings' && <SettingsPanel workflow={workflow.data} />}
      {(tab === 'triggers' || tab === 'tests') && (
        <Suspense fallback={<Loading rows={6} />}>
          {tab === 'triggers' ? <TriggersPanel workflow={workflow.data} /> : <TestsPanel workflow={workflow.data} />}
        </Suspense>
      )}
      {tab === 'versions' && <VersionsPanel workflow={workflow.data} />}
      {tab === 'edit' && (
        <Suspense fallback={<Loading rows={12} />}>
          <Editor key={workflowId} workflow={workflow.data} afterRun={afterRun} />
        </Suspense>
      )}
    </div>
  );
}
