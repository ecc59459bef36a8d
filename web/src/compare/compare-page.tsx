import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Fragment } from 'react';
import { call, type Result } from '../api/call.ts';
import type { RunEntry } from '../api/queries.ts';
import { Button, Empty, Loading, Problem, Segments } from '../kit/controls.tsx';
import { Differences } from '../kit/differences.tsx';
import { Icon } from '../kit/icons.tsx';
import { useKeys } from '../kit/keyboard.ts';
import { Status } from '../kit/status.tsx';
import { duration, Time, Took } from '../kit/time.tsx';
import './compare.css';
import { Panel } from '../kit/panel.tsx';
import { ToRuns } from '../kit/to-runs.tsx';

type Step = Result<'compareRuns'>['steps'][number];
type Side = NonNullable<Step['a']>;

const PAGE = 100;
const NAMES = ['First', 'Second'] as const;
const WHICH = [
  ['', 'What differs'],
  ['all', 'All steps'],
] as const;

/** Two runs step by step: what each came to, how long it took, where their inputs and outputs part. */
export function ComparePage() {
  const { a = '', b = '', which = '', step: opened } = useSearch({ from: '/compare' });
  const navigate = useNavigate({ from: '/compare' });
  const comparison = useInfiniteQuery({
    queryKey: ['compare', a, b],
    queryFn: ({ pageParam, signal }) =>
      call('compareRuns', { query: { a, b, limit: PAGE, ...(pageParam && { continuation_token: pageParam }) } }, signal),
    initialPageParam: '',
    getNextPageParam: (last: Result<'compareRuns'>) => last.continuation_token ?? undefined,
    enabled: a !== '' && b !== '',
  });
  const set = (more: object) =>
    void navigate({ search: (now: object) => ({ ...now, ...more }), replace: true, resetScroll: false });
  const [first] = comparison.data?.pages ?? [];
  const steps = comparison.data?.pages.flatMap((page) => page.steps) ?? [];
  const shown = which === 'all' ? steps : steps.filter(({ same }) => !same);
  const toggle = (key: string) => set({ step: opened === key ? undefined : key });
  const move = (by: number) => {
    const at = shown.findIndex(({ key }) => key === opened);
    const next = shown[Math.max(0, Math.min(shown.length - 1, at + by))];
    if (next) set({ step: next.key });
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
  if (!a || !b)
    return (
      <div className="page">
        <h1>Compare two runs</h1>
        <Empty title="Choose two runs" action={<ToRuns />}>
          Select two rows of a list and press Compare, or choose Compare on the page of a run.
        </Empty>
      </div>
    );
  return (
    <div className="page">
      <div className="page-head">
        <h1>Compare two runs</h1>
        <Button icon="compare" onClick={() => set({ a: b, b: a })}>
          Swap
        </Button>
      </div>
      {comparison.isPending && <Loading />}
      {comparison.isError && <Problem error={comparison.error} retry={() => void comparison.refetch()} />}
      {first && (
        <>
          <div className="columns">
            <Run name="First" run={first.a} />
            <Run name="Second" run={first.b} />
          </div>
          <section className="panel" aria-label="Inputs and outputs">
            <div className="panel-body stack">
              <Differences label="Input" of={first.inputs} names={NAMES} />
              <Differences label="Output" of={first.outputs} names={NAMES} />
            </div>
          </section>
          <Panel
            title="Steps"
            note={
              <>
                {steps.filter(({ same }) => !same).length} of {steps.length}
                {comparison.hasNextPage && '+'} differ
              </>
            }
            actions={
              <Segments
                label="Steps shown"
                value={which === 'all' ? 'all' : ''}
                options={WHICH}
                onChange={(next) => set({ which: next || undefined })}
              />
            }
          >
            {shown.length === 0 && (
              <p className="panel-body muted">
                Every step came to the same.{' '}
                {steps.length > 0 && (
                  <button type="button" className="link" onClick={() => set({ which: 'all' })}>
                    Show all {steps.length}
                  </button>
                )}
              </p>
            )}
            {shown.length > 0 && (
              <div className="scroll">
                <table className="table compare">
                  <thead>
                    <tr>
                      <th>Step</th>
                      <th>First</th>
                      <th className="right">Took</th>
                      <th>Second</th>
                      <th className="right">Took</th>
                      <th>Differs in</th>
                    </tr>
                  </thead>
                  <tbody>
                    {shown.map((step) => (
                      <Fragment key={step.key}>
                        <tr className={opened === step.key ? 'cursor' : ''}>
                          <td>
                            <button
                              type="button"
                              className="link mono"
                              aria-expanded={opened === step.key}
                              onClick={() => toggle(step.key)}
                            >
                              <Icon name={opened === step.key ? 'down' : 'right'} size={12} /> {step.key}
                            </button>
                          </td>
                          <Came side={step.a} />
                          <Came side={step.b} />
                          <td>{differsIn(step).join(', ') || <span className="faint">nothing</span>}</td>
                        </tr>
                        {opened === step.key && (
                          <tr>
                            <td colSpan={6}>
                              <div className="stack compared">
                                <Words name="First" side={step.a} />
                                <Words name="Second" side={step.b} />
                                <Differences label="Input" of={step.input} names={NAMES} />
                                <Differences label="Output" of={step.output} names={NAMES} />
                                <p className="row wrap">
                                  <Link to="/runs/$runId" params={{ runId: a }} search={{ step: step.key }}>
                                    This step of the first
                                  </Link>
                                  <Link to="/runs/$runId" params={{ runId: b }} search={{ step: step.key }}>
                                    This step of the second
                                  </Link>
                                </p>
                              </div>
                            </td>
                          </tr>
                        )}
                      </Fragment>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
          </Panel>
          {comparison.hasNextPage && (
            <Button onClick={() => void comparison.fetchNextPage()} disabled={comparison.isFetchingNextPage}>
              Compare {PAGE} more steps
            </Button>
          )}
        </>
      )}
    </div>
  );
}

const Run = ({ name, run }: { name: string; run: RunEntry }) => (
  <Panel
    title={
      <>
        {name}:{' '}
        <Link to="/runs/$runId" params={{ runId: run.id }}>
          {run.reference ?? run.name}
        </Link>
      </>
    }
    label={name}
    note={<Status status={run.status} />}
  >
    <div className="panel-body row wrap">
      <span>
        {run.workflow_name} <span className="faint num">{run.version === null ? 'draft' : `v${run.version}`}</span>
      </span>
      <span className="muted">
        <Time at={run.started_at ?? run.created_at} />, <Took from={run.started_at ?? run.created_at} to={run.ended_at} />
      </span>
      {run.error && (
        <span className="cut">
          <b className="bad-words">{run.error.name}</b> <span className="muted">{run.error.message}</span>
        </span>
      )}
    </div>
  </Panel>
);

const Came = ({ side }: { side: Side | null }) => (
  <>
    <td>{side ? <Status status={side.status} quiet /> : <span className="faint">no such step</span>}</td>
    <td className="right num muted">{side?.duration_ms === null || !side ? '' : duration(side.duration_ms)}</td>
  </>
);

function differsIn({ a, b, input, output }: Step): string[] {
  if (!a || !b) return ['being there'];
  return [
    ...(a.status === b.status ? [] : ['status']),
    ...(a.error?.name === b.error?.name && a.error?.message === b.error?.message ? [] : ['error']),
    ...(a.attempts === b.attempts ? [] : ['attempts']),
    ...(input.items.length > 0 ? ['input'] : []),
    ...(output.items.length > 0 ? ['output'] : []),
  ];
}

const Words = ({ name, side }: { name: string; side: Side | null }) =>
  side?.error || (side && side.attempts > 1) ? (
    <p>
      {name}: {side.attempts} {side.attempts === 1 ? 'attempt' : 'attempts'}
      {side.error && (
        <>
          , <b className="bad-words">{side.error.name}</b>: {side.error.message}
        </>
      )}
    </p>
  ) : null;
