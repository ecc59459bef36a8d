import { useMemo } from 'react';
import type { Run, RunEvent } from '../api/queries.ts';
import { Icon } from '../kit/icons.tsx';
import { lookOf, StatusDot } from '../kit/status.tsx';
import { duration, useNow } from '../kit/time.tsx';
import { isLoop, type StepRow } from './steps.ts';
import { type Attempt, attemptsIn, scaleOf } from './timeline.ts';

const MOST_ROWS = 600;

interface Props {
  run: Run;
  rows: readonly StepRow[];
  /** As far as the log is here. */
  lines: readonly RunEvent[];
  selected: string | undefined;
  open: ReadonlySet<string>;
  onSelect: (key: string) => void;
  onToggle: (key: string) => void;
}

/** The steps in their order, what became of each, and when. */
export function StepsList({ run, rows, lines, selected, open, onSelect, onToggle }: Props) {
  const now = useNow(run.ended_at ? 3_600_000 : 1000);
  const scale = useMemo(() => {
    const end = run.ended_at ? Date.parse(run.ended_at) : now;
    const spans = rows.flatMap(({ state }) =>
      state?.started_at && !state.reused
        ? [{ from: Date.parse(state.started_at), to: state.ended_at ? Date.parse(state.ended_at) : end }]
        : [],
    );
    return scaleOf([
      ...spans,
      { from: Date.parse(run.started_at ?? run.created_at), to: Date.parse(run.started_at ?? run.created_at) },
    ]);
  }, [rows, run.started_at, run.created_at, run.ended_at, now]);
  const repeated = rows.flatMap(({ key, state }) => ((state?.attempts ?? 0) > 1 ? [key] : [])).join('\n');
  const attempts = useMemo(() => attemptsIn(lines, new Set(repeated ? repeated.split('\n') : [])), [lines, repeated]);
  return (
    <ol className="steps">
      {rows.slice(0, MOST_ROWS).map((row, at) => (
        <StepLine
          key={row.key}
          row={row}
          heading={row.branch !== undefined && rows[at - 1]?.branch !== row.branch ? row.branch : undefined}
          isSelected={row.key === selected}
          isOpen={open.has(row.key)}
          now={now}
          scale={scale}
          attempts={attempts.get(row.key)}
          onSelect={onSelect}
          onToggle={onToggle}
        />
      ))}
      {rows.length > MOST_ROWS && (
        <li className="faint step-more">{rows.length - MOST_ROWS} more: choose an item in the inspector of its loop.</li>
      )}
    </ol>
  );
}

interface LineProps {
  row: StepRow;
  heading: string | undefined;
  isSelected: boolean;
  isOpen: boolean;
  now: number;
  scale: ReturnType<typeof scaleOf>;
  attempts: readonly Attempt[] | undefined;
  onSelect: (key: string) => void;
  onToggle: (key: string) => void;
}

function StepLine({ row, heading, isSelected, isOpen, now, scale, attempts, onSelect, onToggle }: LineProps) {
  const { key, step, state, depth, items } = row;
  const status = state?.status ?? 'pending';
  const from = state?.started_at ? Date.parse(state.started_at) : undefined;
  const to = state?.ended_at ? Date.parse(state.ended_at) : now;
  const left = from === undefined ? 0 : scale.at(from);
  const took = from !== undefined && status !== 'skipped' ? duration(to - from) : '';
  return (
    <>
      {heading !== undefined && (
        <li className="step-branch" style={{ paddingLeft: `${depth * 18 + 10}px` }}>
          {heading}
        </li>
      )}
      <li className={`step${isSelected ? ' at' : ''}`} data-step={key}>
        <button
          type="button"
          className="step-open"
          aria-current={isSelected}
          style={{ paddingLeft: `${depth * 18 + 10}px` }}
          onClick={() => onSelect(key)}
        >
          <StatusDot status={status} />
          <span className="step-name cut">
            <span>{step.title ?? step.step}</span>
            {step.title && <code className="faint">{step.step}</code>}
          </span>
          {(state?.attempts ?? 0) > 1 && <span className="pill warn">{state?.attempts} attempts</span>}
          {state?.reused && <span className="pill">taken over</span>}
          {status === 'skipped' && (
            <span className="faint nowrap">{state?.reason === 'condition' ? 'condition' : 'not reached'}</span>
          )}
          <span className="faint step-kind">{step.kind}</span>
        </button>
        {isLoop(step) && items.length > 0 ? (
          <button type="button" className="pill step-items" aria-expanded={isOpen} onClick={() => onToggle(key)}>
            {items.length} {step.kind === 'repeat' ? 'round' : 'item'}
            {items.length > 1 && 's'}
            <Icon name={isOpen ? 'down' : 'right'} size={12} />
          </button>
        ) : (
          <span />
        )}
        <span className="step-line" aria-hidden="true">
          {scale.breaks.map((at) => (
            <i key={at} className="break" style={{ left: `${at}%` }} />
          ))}
          {from !== undefined && status !== 'skipped' && !state?.reused && (
            <i
              className={`${lookOf(status).tone}${attempts ? ' around' : ''}`}
              style={{ left: `${left}%`, width: `${Math.max(0.8, scale.at(to) - left)}%` }}
            />
          )}
          {attempts?.map((attempt, nth) => {
            const begin = scale.at(attempt.from);
            const end = attempt.to ?? now;
            return (
              <i
                key={attempt.from}
                className={attempt.isFailed ? 'bad' : lookOf(status).tone}
                title={`Attempt ${nth + 1}: ${duration(end - attempt.from)}${attempt.isFailed ? ', failed' : ''}`}
                style={{ left: `${begin}%`, width: `${Math.max(0.8, scale.at(end) - begin)}%` }}
              />
            );
          })}
        </span>
        <span className="num muted step-took">{state?.reused ? '' : took}</span>
      </li>
    </>
  );
}
