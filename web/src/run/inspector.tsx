import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { isMap } from '../../../shared/kernel/is-map.ts';
import { call } from '../api/call.ts';
import type { Run, RunEvent, StepState } from '../api/queries.ts';
import { Clamp, Copy, Empty } from '../kit/controls.tsx';
import { cutIn } from '../kit/cut-value.tsx';
import { Json } from '../kit/json.tsx';
import { Panel } from '../kit/panel.tsx';
import { Status } from '../kit/status.tsx';
import { clock, duration, Time } from '../kit/time.tsx';
import { callAsCurl, stepAsCurl } from './curl.ts';
import { Items } from './items.tsx';
import type { RunSearch } from './search.ts';
import { isLoop, type StepRow } from './steps.ts';
import type { Log } from './use-live.ts';

interface Props {
  run: Run;
  selected: string;
  rows: readonly StepRow[];
  states: readonly StepState[];
  variables: Record<string, unknown> | undefined;
  source: string | undefined;
  log: Log;
  onSelect: (key: string) => void;
}

/** What the chosen step was given, gave, and how often it was tried; of the run itself when none is chosen. */
export function Inspector({ run, selected, rows, states, variables, source, log, onSelect }: Props) {
  const row = rows.find(({ key }) => key === selected);
  const known = row?.state ?? states.find(({ key }) => key === selected);
  const isCut = [known?.output, known?.input].some((value) => isMap(value) && cutIn(value));
  // A list of steps shows the first 4 KiB of their values, one step alone 768 KiB. What it gives changes when the step ends.
  const asked = useQuery({
    queryKey: ['run', run.id, 'step', selected, known?.status],
    queryFn: ({ signal }) => call('getRunContext', { params: { run_id: run.id }, query: { step: selected } }, signal),
    enabled: selected !== 'run' && (!known || isCut),
    retry: false,
  });
  const alone = asked.data?.steps.find(({ key }) => key === selected);
  const state = isCut ? (alone ?? known) : (known ?? alone ?? asked.data?.steps[0]);
  const isRun = selected === 'run' || (!row && !state);
  return (
    <Panel
      title={isRun ? 'Run' : (row?.step.title ?? state?.title ?? selected)}
      label={isRun ? 'The run' : `Step ${selected}`}
      className="inspector"
      note={!isRun && <code className="faint cut">{selected}</code>}
      actions={
        isRun ? null : (
          <button type="button" className="link" onClick={() => onSelect('run')}>
            Show the run
          </button>
        )
      }
    >
      <div className="panel-body">
        {isRun ? (
          <div className="stack">
            <Json label="Output" value={run.outputs} />
            <Json label="Input" value={run.inputs} />
            {variables && Object.keys(variables).some((name) => name !== 'input') && (
              <Json label="Variables" value={variables} open={1} />
            )}
          </div>
        ) : (
          <StepTabs run={run} row={row} state={state} source={source} log={log} onSelect={onSelect} />
        )}
      </div>
    </Panel>
  );
}

const TABS = [
  ['values', 'Values'],
  ['attempts', 'Attempts'],
  ['definition', 'Definition'],
] as const;

function StepTabs({
  run,
  row,
  state,
  source,
  log,
  onSelect,
}: Omit<Props, 'selected' | 'rows' | 'states' | 'variables'> & { row: StepRow | undefined; state: StepState | undefined }) {
  const search = useSearch({ from: '/runs/$runId' });
  const navigate = useNavigate({ from: '/runs/$runId' });
  const loop = row && isLoop(row.step);
  const tabs = loop ? [['items', 'Items'] as const, ...TABS] : TABS;
  const tab = tabs.find(([name]) => name === search.tab)?.[0] ?? (loop ? 'items' : 'values');
  const key = row?.key ?? state?.key ?? '';
  const lines = log.lines.filter((line) => line.scope + (line.step ?? '') === key);
  return (
    <div className="stack">
      <div className="row wrap">
        <Status status={state?.status ?? 'pending'} />
        {state?.started_at && (
          <span className="muted">
            <Time at={state.started_at} />
            {state.ended_at && ` · ${duration(Date.parse(state.ended_at) - Date.parse(state.started_at))}`}
          </span>
        )}
        {state?.child && (
          <Link to="/runs/$runId" params={{ runId: state.child }}>
            Child run
          </Link>
        )}
        {state?.reused && (
          <Link to="/runs/$runId" params={{ runId: state.reused }} search={{ step: key }}>
            Taken over from a run before
          </Link>
        )}
        <span className="grow" />
        <Copy text={() => callAsCurl(state?.input) ?? stepAsCurl(location.origin, run.id, key)} label="Copy the step as curl" />
      </div>
      {state?.error && (
        <div className="step-error">
          <p>
            <b>{state.error.name}</b>: <Clamp text={state.error.message} />
          </p>
          {state.error.data !== undefined && state.error.data !== null && <Json label="Error data" value={state.error.data} />}
        </div>
      )}
      {state?.status === 'skipped' && (
        <p className="muted">
          {state.reason === 'condition' ? 'Its condition was false.' : 'The run ended before it could begin.'}
        </p>
      )}
      <div className="tabs" role="tablist">
        {tabs.map(([name, word]) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={tab === name}
            onClick={() =>
              void navigate({ search: (now: RunSearch) => ({ ...now, tab: name }), replace: true, resetScroll: false })
            }
          >
            {word}
            {name === 'attempts' && (state?.attempts ?? 0) > 1 && ` (${state?.attempts})`}
          </button>
        ))}
      </div>
      {tab === 'items' && row && <Items run={run} row={row} onSelect={onSelect} />}
      {tab === 'values' && (
        <>
          {(!state?.error || state.output !== null) && <Json label="Output" value={state?.output ?? null} />}
          <Json label="Input" value={state?.input ?? null} />
        </>
      )}
      {tab === 'attempts' && <Attempts lines={lines} />}
      {tab === 'definition' && <Definition source={source} line={row?.step.line ?? 0} />}
    </div>
  );
}

const Attempts = ({ lines }: { lines: readonly RunEvent[] }) =>
  lines.length === 0 ? (
    <p className="muted">It has not begun.</p>
  ) : (
    <ol className="attempts">
      {lines.map((line) => (
        <li key={line.id}>
          <span className="num faint" title={line.time}>
            {clock(line.time)}
          </span>
          <span>
            {line.message}
            {line.data !== undefined && line.type !== 'step_completed' && (
              <code className="faint"> {JSON.stringify(line.data).slice(0, 300)}</code>
            )}
          </span>
        </li>
      ))}
    </ol>
  );

/** The lines of the step in the text that the run follows. */
function Definition({ source, line }: { source: string | undefined; line: number }) {
  if (!source || line < 1) return <Empty title="The text is not there" />;
  const all = source.split('\n');
  const indent = /^\s*/.exec(all[line - 1] ?? '')?.[0].length ?? 0;
  const rest = all.slice(line);
  const end = rest.findIndex(
    (text) => text.trim() !== '' && (/^\s*/.exec(text)?.[0].length ?? 0) <= indent && !text.trimStart().startsWith('#'),
  );
  const shown = all.slice(line - 1, end < 0 ? undefined : line + end);
  const text = shown.join('\n').trimEnd();
  return (
    <div>
      <div className="json-head">
        <h3>
          Lines {line} to {line - 1 + text.split('\n').length}
        </h3>
        <Copy text={text} label="Copy these lines" />
      </div>
      <pre className="json-body" tabIndex={0}>
        {text}
      </pre>
    </div>
  );
}
