import { memo, type ReactNode } from 'react';
import type { RunEntry } from '../api/queries.ts';
import { LightLink } from '../kit/light-link.tsx';
import { Status } from '../kit/status.tsx';
import { Time, Took } from '../kit/time.tsx';
import { COLUMNS, type ColumnName } from './columns.ts';

interface Props {
  runs: readonly RunEntry[];
  columns: readonly ColumnName[];
  cursor?: string | undefined;
  selected: ReadonlySet<string>;
  onSelect: (id: string) => void;
  onLabel: (label: string) => void;
}

const WORDS = new Map<ColumnName, string>(COLUMNS);
const RIGHT: readonly ColumnName[] = ['took'];
const QUIET: readonly ColumnName[] = ['trigger', 'started', 'ended', 'project', 'actor', 'id'];

const classOf = (name: ColumnName) => `c-${name}${RIGHT.includes(name) ? ' right' : ''}${QUIET.includes(name) ? ' muted' : ''}`;

export function RunsTable({ runs, columns, cursor, selected, onSelect, onLabel }: Props) {
  return (
    <table className="table runs-table">
      <thead>
        <tr>
          <th className="c-select">
            <span className="hidden">Select</span>
          </th>
          {columns.map((name) => (
            <th key={name} className={classOf(name)}>
              {WORDS.get(name)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <Row
            key={run.id}
            run={run}
            columns={columns}
            isAt={run.id === cursor}
            isSelected={selected.has(run.id)}
            onSelect={onSelect}
            onLabel={onLabel}
          />
        ))}
      </tbody>
    </table>
  );
}

interface CellProps {
  run: RunEntry;
  /** Labels and steps have columns of their own. */
  hasLabels: boolean;
  hasStep: boolean;
  onLabel: (label: string) => void;
}

const Label = ({ label, onLabel }: { label: string; onLabel: (label: string) => void }) => (
  <button type="button" className="pill label" title={`Runs with ${label}`} onClick={() => onLabel(label)}>
    {label}
  </button>
);

const CELLS: Record<ColumnName, (props: CellProps) => ReactNode> = {
  status: ({ run }) => <Status status={run.status} />,
  run: ({ run, hasLabels, onLabel }) => (
    <div className="row">
      <LightLink href={`/runs/${run.id}`} className="run-link cut" title={`${run.reference ?? run.name} (${run.id})`}>
        {run.reference ?? run.name}
      </LightLink>
      {run.reference && run.reference !== run.name && <span className="faint cut c-name">{run.name}</span>}
      {run.attempt > 1 && <span className="pill">rerun {run.attempt - 1}</span>}
      {run.archived && <span className="pill">archived</span>}
      {!hasLabels && run.labels.slice(0, 2).map((label) => <Label key={label} label={label} onLabel={onLabel} />)}
      {!hasLabels && run.labels.length > 2 && <span className="faint">+{run.labels.length - 2}</span>}
    </div>
  ),
  id: ({ run }) => <code title={run.id}>{run.id}</code>,
  workflow: ({ run }) => (
    <>
      <LightLink href={`/workflows/${run.workflow_id}`} className="quiet-link">
        {run.workflow_name}
      </LightLink>{' '}
      <span className="faint num">{run.version === null ? 'draft' : `v${run.version}`}</span>
    </>
  ),
  project: ({ run }) => run.project_id,
  trigger: ({ run }) => run.trigger,
  actor: ({ run }) => run.actor.name,
  started: ({ run }) => <Time at={run.created_at} />,
  ended: ({ run }) => run.ended_at && <Time at={run.ended_at} />,
  took: ({ run }) => <Took from={run.started_at ?? run.created_at} to={run.ended_at} />,
  labels: ({ run, onLabel }) => (
    <div className="row">
      {run.labels.map((label) => (
        <Label key={label} label={label} onLabel={onLabel} />
      ))}
    </div>
  ),
  step: ({ run }) => <StandsAt run={run} />,
  error: ({ run: { error }, hasStep }) =>
    error && (
      <span className="cut error-words" title={error.message}>
        <b>{error.name}</b>
        {error.step && !hasStep && (
          <>
            {' '}
            at <code>{error.step}</code>
          </>
        )}
        <span className="muted">: {error.message}</span>
      </span>
    ),
};

/** Where it failed, or stands; a run that is driven goes on too fast for its row. */
function StandsAt({ run: { id, error, at_step, ended_at, status } }: { run: RunEntry }) {
  const step = error?.step ?? at_step;
  if (step)
    return (
      <LightLink href={`/runs/${id}?${new URLSearchParams({ step })}`} className="quiet-link cut" title={step}>
        <code>{step}</code>
      </LightLink>
    );
  return ended_at === null && status !== 'pending' && <span className="faint">running</span>;
}

interface RowProps {
  run: RunEntry;
  columns: readonly ColumnName[];
  isAt: boolean;
  isSelected: boolean;
  onSelect: (id: string) => void;
  onLabel: (label: string) => void;
}

const Row = memo(function Row({ run, columns, isAt, isSelected, onSelect, onLabel }: RowProps) {
  return (
    <tr data-run={run.id} className={isAt ? 'cursor' : ''} aria-selected={isSelected}>
      <td className="c-select">
        <input
          type="checkbox"
          aria-label={`Select ${run.reference ?? run.name}`}
          checked={isSelected}
          onChange={() => onSelect(run.id)}
        />
      </td>
      {columns.map((name) => (
        <td key={name} className={classOf(name)}>
          {CELLS[name]({ run, hasLabels: columns.includes('labels'), hasStep: columns.includes('step'), onLabel })}
        </td>
      ))}
    </tr>
  );
});
