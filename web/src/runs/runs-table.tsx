import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import type { RunEntry } from '../api/queries.ts';
import { Status } from '../kit/status.tsx';
import { Time, Took } from '../kit/time.tsx';

interface Props {
  runs: readonly RunEntry[];
  cursor?: string | undefined;
  withWorkflow: boolean;
  selected: ReadonlySet<string>;
  onSelect: (id: string) => void;
  onLabel: (label: string) => void;
}

export function RunsTable({ runs, cursor, withWorkflow, selected, onSelect, onLabel }: Props) {
  return (
    <table className="table runs-table">
      <thead>
        <tr>
          <th className="c-select">
            <span className="hidden">Select</span>
          </th>
          <th className="c-status">Status</th>
          <th className="c-ref">Run</th>
          {withWorkflow && <th className="c-flow">Workflow</th>}
          <th className="c-trigger">Trigger</th>
          <th className="c-time">Started</th>
          <th className="c-took right">Took</th>
          <th className="c-error">Error</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <Row
            key={run.id}
            run={run}
            isAt={run.id === cursor}
            withWorkflow={withWorkflow}
            isSelected={selected.has(run.id)}
            onSelect={onSelect}
            onLabel={onLabel}
          />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  run: RunEntry;
  isAt: boolean;
  withWorkflow: boolean;
  isSelected: boolean;
  onSelect: (id: string) => void;
  onLabel: (label: string) => void;
}

const Row = memo(function Row({ run, isAt, withWorkflow, isSelected, onSelect, onLabel }: RowProps) {
  const named = run.reference ?? run.name;
  return (
    <tr data-run={run.id} className={isAt ? 'cursor' : ''} aria-selected={isSelected}>
      <td className="c-select">
        <input type="checkbox" aria-label={`Select ${named}`} checked={isSelected} onChange={() => onSelect(run.id)} />
      </td>
      <td className="c-status">
        <Status status={run.status} />
      </td>
      <td className="c-ref">
        <div className="row">
          <Link to="/runs/$runId" params={{ runId: run.id }} className="run-link cut" title={`${named} (${run.id})`}>
            {named}
          </Link>
          {run.reference && run.reference !== run.name && <span className="faint cut c-name">{run.name}</span>}
          {run.attempt > 1 && <span className="pill">rerun {run.attempt - 1}</span>}
          {run.archived && <span className="pill">archived</span>}
          {run.labels.slice(0, 2).map((label) => (
            <button key={label} type="button" className="pill label" title={`Runs with ${label}`} onClick={() => onLabel(label)}>
              {label}
            </button>
          ))}
          {run.labels.length > 2 && <span className="faint">+{run.labels.length - 2}</span>}
        </div>
      </td>
      {withWorkflow && (
        <td className="c-flow">
          <Link to="/workflows/$workflowId" params={{ workflowId: run.workflow_id }} className="quiet-link">
            {run.workflow_name}
          </Link>{' '}
          <span className="faint num">{run.version === null ? 'draft' : `v${run.version}`}</span>
        </td>
      )}
      <td className="c-trigger muted">{run.trigger}</td>
      <td className="c-time muted num">
        <Time at={run.created_at} />
      </td>
      <td className="c-took right">
        <Took from={run.started_at ?? run.created_at} to={run.ended_at} />
      </td>
      <td className="c-error">
        {run.error && (
          <span className="cut error-words" title={run.error.message}>
            <b>{run.error.name}</b>
            {run.error.step && (
              <>
                {' '}
                at <code>{run.error.step}</code>
              </>
            )}
            <span className="muted">: {run.error.message}</span>
          </span>
        )}
      </td>
    </tr>
  );
});
