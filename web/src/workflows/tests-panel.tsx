import forms from 'virtual:forms';
import { useQueries, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { type BodyOf, call, type Result } from '../api/call.ts';
import { queries, type Workflow } from '../api/queries.ts';
import { Button, Empty, Field, IconButton, Loading, Problem } from '../kit/controls.tsx';
import { ActDialog, ReasonDialog } from '../kit/dialog.tsx';
import { Differences } from '../kit/differences.tsx';
import { FormDialog, valuesOf } from '../kit/form-dialog.tsx';
import { Icon, type IconName } from '../kit/icons.tsx';
import { Panel } from '../kit/panel.tsx';
import { Time } from '../kit/time.tsx';
import { told } from '../kit/told.tsx';

type Test = Result<'listTests'>['items'][number];
type TestRun = Result<'getTestRun'>;
type CaseResult = TestRun['results'][number];
type Outcome = CaseResult['outcome'];

const COLUMNS = 6;
const LOOK_EVERY_MS = 1000;
const LOOKS: Record<Outcome, { word: string; tone: string; icon: IconName }> = {
  running: { word: 'running', tone: 'active', icon: 'play' },
  same: { word: 'same', tone: 'good', icon: 'check' },
  different: { word: 'different', tone: 'warn', icon: 'compare' },
  failed: { word: 'failed', tone: 'bad', icon: 'cross' },
};
const NAMES = ['Should be', 'Came out'] as const;

const againOf = (workflowId: string) => queries.invalidateQueries({ queryKey: ['workflow', workflowId, 'tests'] });
const stageOf = ({ version }: { version: number | null }) => (version === null ? 'draft' : `v${version}`);

/** The tests of a workflow against what was run of late: case by case, run by run. */
export function TestsPanel({ workflow }: { workflow: Workflow }) {
  const { case: openedCase, of: openedRun } = useSearch({ from: '/workflows/$workflowId' });
  const navigate = useNavigate({ from: '/workflows/$workflowId' });
  const [isStarting, setStarting] = useState(false);
  const [removed, setRemoved] = useState<Test>();
  const [changed, setChanged] = useState<Test>();
  const params = { workflow_id: workflow.id };
  const tests = useQuery({
    queryKey: ['workflow', workflow.id, 'tests', 'list'],
    queryFn: ({ signal }) => call('listTests', { params }, signal),
  });
  const runs = useQuery({
    queryKey: ['workflow', workflow.id, 'tests', 'runs'],
    queryFn: ({ signal }) => call('listTestRuns', { params, query: { limit: COLUMNS } }, signal),
  });
  const shown = useQueries({
    queries: (runs.data?.items ?? []).map(({ id }) => ({
      queryKey: ['workflow', workflow.id, 'tests', 'run', id],
      queryFn: ({ signal }: { signal: AbortSignal }) => call('getTestRun', { params: { ...params, test_run_id: id } }, signal),
      refetchInterval: ({ state }: { state: { data?: TestRun | undefined } }) =>
        state.data?.outcome === 'running' ? LOOK_EVERY_MS : (false as const),
    })),
  });
  const columns = shown.flatMap(({ data }) => (data ? [data] : []));
  const open = (test?: string, run?: string) =>
    void navigate({ search: (now: object) => ({ ...now, case: test, of: run }), replace: true, resetScroll: false });
  if (tests.isPending) return <Loading />;
  if (tests.isError) return <Problem error={tests.error} retry={() => void tests.refetch()} />;
  const { items } = tests.data;
  if (items.length === 0)
    return (
      <Empty
        title="There are no tests yet"
        action={
          <Link to="/runs" search={{ workflow: workflow.id, status: 'succeeded' }} className="button">
            To its runs that succeeded
          </Link>
        }
      >
        Open a run that has ended and choose “Make a test of it” under More. It keeps what outside calls answered, so that a
        change can be tried without one call to anybody.
      </Empty>
    );
  const column = columns.find(({ id }) => id === openedRun);
  const result = column?.results.find(({ test_id }) => test_id === openedCase);
  return (
    <div className="stack">
      <div className="row wrap">
        <Button kind="primary" icon="play" onClick={() => setStarting(true)}>
          Run the tests
        </Button>
        <span className="muted">
          {items.length} {items.length === 1 ? 'test' : 'tests'}, 100 at most
        </span>
      </div>
      {runs.isError && <Problem error={runs.error} />}
      <div className="panel scroll">
        <table className="table matrix">
          <thead>
            <tr>
              <th>Test</th>
              {columns.map((run) => (
                <th key={run.id}>
                  <span className="num">{stageOf(run)}</span>
                  {run.mode === 'real' && ', for real'}
                  <span className="block faint">
                    <Time at={run.created_at} />
                  </span>
                </th>
              ))}
              {columns.length === 0 && <th>Not run yet</th>}
              <th className="right">
                <span className="hidden">Change, delete</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((test) => (
              <tr key={test.id}>
                <td>
                  <b>{test.name}</b>{' '}
                  <Link to="/runs/$runId" params={{ runId: test.run_id }} className="faint">
                    its run
                  </Link>
                </td>
                {columns.map((run) => {
                  const one = run.results.find(({ test_id }) => test_id === test.id);
                  const isOpen = openedCase === test.id && openedRun === run.id;
                  return (
                    <td key={run.id}>
                      {one ? (
                        <button
                          type="button"
                          className={`pill ${LOOKS[one.outcome].tone} cell`}
                          aria-expanded={isOpen}
                          aria-label={`${test.name} against ${stageOf(run)}: ${LOOKS[one.outcome].word}`}
                          onClick={() => (isOpen ? open() : open(test.id, run.id))}
                        >
                          <Icon name={LOOKS[one.outcome].icon} size={12} />
                          {LOOKS[one.outcome].word}
                        </button>
                      ) : (
                        <span className="faint">not run</span>
                      )}
                    </td>
                  );
                })}
                {columns.length === 0 && <td />}
                <td className="right">
                  <IconButton icon="edit" label={`Change the test ${test.name}`} onClick={() => setChanged(test)} />
                  <IconButton icon="cross" label={`Delete the test ${test.name}`} onClick={() => setRemoved(test)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {column && result && (
        <Case key={`${column.id} ${result.test_id}`} workflow={workflow} run={column} result={result} onClose={() => open()} />
      )}
      {isStarting && <StartTests workflow={workflow} onClose={() => setStarting(false)} />}
      {changed && (
        <FormDialog
          title={`Change the test ${changed.name}`}
          verb="Save"
          schema={forms.testChange}
          values={valuesOf(forms.testChange, changed)}
          onClose={() => setChanged(undefined)}
          save={({ name, compare = [], ignore = [] }, reason) =>
            call('changeTest', {
              params: { ...params, test_id: changed.id },
              // A list that is empty in the form is empty, not left as it was.
              body: { name, compare, ignore } as BodyOf<'changeTest'>,
              ...(reason && { reason }),
            }).then(() => againOf(workflow.id))
          }
        >
          <p className="muted">
            Places in the output are JSON Pointers, one a line: <code>/lines/*/price</code>. All of it counts where none is
            compared.
          </p>
        </FormDialog>
      )}
      {removed && (
        <ReasonDialog
          title={`Delete the test ${removed.name}`}
          verb="Delete"
          danger
          opened
          onClose={() => setRemoved(undefined)}
          act={(reason) =>
            call('deleteTest', { params: { ...params, test_id: removed.id }, ...(reason && { reason }) }).then(() =>
              againOf(workflow.id),
            )
          }
        >
          <p>All that it keeps of its run goes with it. The run itself stays.</p>
        </ReasonDialog>
      )}
    </div>
  );
}

/** What came of one case: where it parts from what should have come out, and whether that is right. */
function Case({ workflow, run, result, onClose }: { workflow: Workflow; run: TestRun; result: CaseResult; onClose: () => void }) {
  const [isAccepting, setAccepting] = useState(false);
  const others = run.results.filter(({ outcome }) => outcome === 'different');
  return (
    <Panel
      title={result.name ?? 'A test that is gone'}
      label={`Result of ${result.name ?? 'a test'}`}
      note={
        <>
          <span className={`pill ${LOOKS[result.outcome].tone}`}>{LOOKS[result.outcome].word}</span>
          <span className="muted">against {stageOf(run)}</span>
        </>
      }
      actions={<IconButton icon="cross" label="Close" onClick={onClose} />}
    >
      <div className="panel-body stack">
        {result.message && <p className="prewrap">{result.message}</p>}
        {result.parts_at && (
          <p>
            It first came to something else at{' '}
            {result.run_id ? (
              <Link to="/runs/$runId" params={{ runId: result.run_id }} search={{ step: result.parts_at }}>
                <code>{result.parts_at}</code>
              </Link>
            ) : (
              <code>{result.parts_at}</code>
            )}
            .
          </p>
        )}
        {result.outcome === 'same' && <p className="muted">What counts of its output is what it should be.</p>}
        {result.diff.items.length > 0 && <Differences label="Output" of={result.diff} names={NAMES} />}
        <div className="row wrap">
          {result.run_id && (
            <Link to="/runs/$runId" params={{ runId: result.run_id }} className="button">
              Its run
            </Link>
          )}
          <Button
            because={
              result.outcome === 'running'
                ? 'It is still running.'
                : result.outcome === 'same'
                  ? 'It is what should come out.'
                  : result.run_id
                    ? undefined
                    : 'There is no run to accept.'
            }
            onClick={() => setAccepting(true)}
          >
            Accept as what should come out
          </Button>
        </div>
      </div>
      {isAccepting && (
        <Accept workflow={workflow} run={run} result={result} others={others} onClose={() => setAccepting(false)} />
      )}
    </Panel>
  );
}

interface AcceptProps {
  workflow: Workflow;
  run: TestRun;
  result: CaseResult;
  others: readonly CaseResult[];
  onClose: () => void;
}

function Accept({ workflow, run, result, others, onClose }: AcceptProps) {
  const [isAll, setAll] = useState(false);
  const accepted = isAll ? others : [result];
  const act = async (reason: string | undefined) => {
    await call('acceptTests', {
      params: { workflow_id: workflow.id, test_run_id: run.id },
      body: { test_ids: accepted.map(({ test_id }) => test_id) },
      ...(reason && { reason }),
    });
    await againOf(workflow.id);
    told('From now on this is what should come out.');
  };
  return (
    <ReasonDialog
      title="Accept as what should come out"
      verb={`Accept ${accepted.length} ${accepted.length === 1 ? 'test' : 'tests'}`}
      opened
      onClose={onClose}
      act={act}
    >
      <p>What came out of {isAll ? 'them' : (result.name ?? 'it')} here is compared with from now on.</p>
      {others.length > 1 && result.outcome === 'different' && (
        <label className="check">
          <input type="checkbox" checked={isAll} onChange={(event) => setAll(event.target.checked)} />
          <span>All {others.length} that are different in this run</span>
        </label>
      )}
    </ReasonDialog>
  );
}

function StartTests({ workflow, onClose }: { workflow: Workflow; onClose: () => void }) {
  const [version, setVersion] = useState('');
  const [isReal, setReal] = useState(false);
  const act = async () => {
    await call('runTests', {
      params: { workflow_id: workflow.id },
      body: { mode: isReal ? 'real' : 'recorded', ...(version && { version: Number(version) }) },
    });
    await againOf(workflow.id);
  };
  return (
    <ActDialog title="Run the tests" verb="Run them" danger={isReal} opened onClose={onClose} act={act}>
      <Field label="Against">
        {(id) => (
          <select id={id} className="select" data-autofocus value={version} onChange={(event) => setVersion(event.target.value)}>
            <option value="">the draft</option>
            {workflow.versions.map((one) => (
              <option key={one.version} value={one.version}>
                v{one.version}
                {one.note ? `, ${one.note}` : ''}
              </option>
            ))}
          </select>
        )}
      </Field>
      <label className="check">
        <input type="checkbox" checked={isReal} onChange={(event) => setReal(event.target.checked)} />
        <span>
          Make outside calls for real
          <span className="field-hint block">
            Unless this is ticked, they are answered from the record, and waits take no time.
          </span>
        </span>
      </label>
    </ActDialog>
  );
}
