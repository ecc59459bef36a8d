import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useEffect, useRef, useState } from 'react';
import { call, Refused } from '../api/call.ts';
import { outlineQuery, queries, type Run, runQuery, runsChanged, type Workflow, workflowsQuery } from '../api/queries.ts';
import { Graph } from '../graph/graph.tsx';
import { Button, Problem } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { Icon } from '../kit/icons.tsx';
import { Panel } from '../kit/panel.tsx';
import { tellProblem, told } from '../kit/told.tsx';
import { Code, Diff } from './code.tsx';
import { inputsOf, stepIdsOf } from './names.ts';

const place = (id: string) => `millrun.draft.${id}`;

/** The text left, its graph and problems right; what is not saved yet stays in the browser. */
export function Editor({ workflow, afterRun }: { workflow: Workflow; afterRun: string | undefined }) {
  const saved = workflow.draft.source;
  const [text, setText] = useState(() => localStorage.getItem(place(workflow.id)) ?? saved);
  const [seen, setSeen] = useState(saved);
  const [line, setLine] = useState<number>();
  const [error, setError] = useState<unknown>();
  const [isPublishing, setPublishing] = useState(false);
  const [published, setPublished] = useState<number>();
  const { data: workflows = [] } = useQuery(workflowsQuery);
  const checked = useQuery({ ...outlineQuery(useSettled(text)), placeholderData: (previous) => previous });
  const plan = checked.data?.plan ?? undefined;
  const { data: failed } = useQuery({ ...runQuery(afterRun ?? ''), enabled: afterRun !== undefined });
  const failedLine = plan && failed?.error?.step ? findLine(plan.steps, failed.error.step) : undefined;
  const isAtFailure = useRef(false);
  const isChanged = text !== saved;
  // Somebody else has saved meanwhile: what they wrote is not written over unseen.
  const isForeign = saved !== seen && text !== saved;

  useEffect(() => {
    if (isChanged) localStorage.setItem(place(workflow.id), text);
    else localStorage.removeItem(place(workflow.id));
  }, [isChanged, text, workflow.id]);

  useEffect(() => {
    // Once: afterwards the text is in the hands of whoever corrects it.
    if (failedLine === undefined || isAtFailure.current) return;
    isAtFailure.current = true;
    setLine(failedLine);
  }, [failedLine]);

  const save = async () => {
    setError(undefined);
    try {
      await call('saveDraft', { params: { workflow_id: workflow.id }, body: { definition: text } });
      setSeen(text);
      await queries.invalidateQueries({ queryKey: ['workflow', workflow.id] });
      told('Saved as the draft.');
      return true;
    } catch (thrown) {
      setError(thrown);
      return false;
    }
  };
  const errors = (checked.data?.diagnostics ?? []).filter(({ severity }) => severity === 'error').length;
  return (
    <div className="stack">
      <div className="row wrap">
        <Button icon="check" onClick={() => void save()} because={isChanged ? undefined : 'The draft is as it was saved.'}>
          Save draft
        </Button>
        <Button
          kind="primary"
          icon="external"
          onClick={() => setPublishing(true)}
          because={errors > 0 ? 'The document has problems.' : undefined}
        >
          Publish
        </Button>
        {isChanged && (
          <Button kind="ghost" onClick={() => setText(saved)}>
            Discard changes
          </Button>
        )}
        <span className="muted">
          {isChanged ? 'Changes are kept in this browser until they are saved.' : 'The draft is saved.'}
          {workflow.published_version !== null && ` v${workflow.published_version} is published.`}
        </span>
      </div>
      {published !== undefined && (
        <div className="next-steps">
          <p>
            v{published} is published.{' '}
            {afterRun && (
              <Link to="/runs/$runId" params={{ runId: afterRun }} search={{ recover: 'latest' }}>
                Recover the run on v{published}
              </Link>
            )}
          </p>
        </div>
      )}
      {isForeign && (
        <section className="panel">
          <div className="panel-head">
            <h2>Somebody else has saved this draft meanwhile</h2>
            <Button onClick={() => setSeen(saved)}>Keep mine</Button>
            <Button
              onClick={() => {
                setText(saved);
                setSeen(saved);
              }}
            >
              Take theirs
            </Button>
          </div>
          <div className="panel-body">
            <Diff before={saved} after={text} names={['Theirs', 'Yours']} />
          </div>
        </section>
      )}
      {error !== undefined && !(error instanceof Refused && error.status === 422) && <Problem error={error} />}
      <div className="editor">
        <section className="panel" aria-label="Text">
          <Code
            value={text}
            onChange={setText}
            diagnostics={checked.data?.diagnostics ?? []}
            known={{ steps: stepIdsOf(text), inputs: inputsOf(plan?.input), workflows: workflows.map(({ name }) => name) }}
            line={line}
            onSave={() => void save()}
            onPublish={() => errors === 0 && setPublishing(true)}
          />
        </section>
        <div className="stack">
          <section className="panel" aria-label="Graph">
            {plan ? (
              <Graph steps={plan.steps} onSelect={(id) => setLine(findLine(plan.steps, id))} />
            ) : (
              <p className="empty">The graph is drawn when the text has no problems.</p>
            )}
          </section>
          <Problems diagnostics={checked.data?.diagnostics ?? []} onLine={setLine} />
        </div>
      </div>
      {isPublishing && (
        <Publish
          workflow={workflow}
          failed={failed}
          text={text}
          isChanged={isChanged}
          save={save}
          onClose={() => setPublishing(false)}
          onPublished={setPublished}
        />
      )}
    </div>
  );
}

function Problems({
  diagnostics,
  onLine,
}: {
  diagnostics: readonly { line: number; column: number; message: string; severity: string }[];
  onLine: (line: number) => void;
}) {
  return (
    <Panel title="Problems" note={diagnostics.length > 0 ? diagnostics.length : 'none'}>
      {diagnostics.length > 0 && (
        <ol className="problems">
          {diagnostics.map(({ line, column, message, severity }) => (
            <li key={`${line}:${column} ${message}`} className={severity}>
              <button type="button" onClick={() => onLine(line)}>
                <Icon name={severity === 'error' ? 'cross' : 'alert'} />
                <span className="num faint">
                  {line}:{column}
                </span>
                <span>{message}</span>
              </button>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

interface PublishProps {
  workflow: Workflow;
  /** The failed run for whose sake the text was corrected. */
  failed: Run | undefined;
  text: string;
  isChanged: boolean;
  save: () => Promise<boolean>;
  onClose: () => void;
  onPublished: (version: number) => void;
}

/** Shows what is published against what was, and asks for a note. */
function Publish({ workflow, failed, text, isChanged, save, onClose, onPublished }: PublishProps) {
  const navigate = useNavigate();
  const version = workflow.published_version;
  const params = { workflow_id: workflow.id };
  const before = useQuery({
    queryKey: ['version', workflow.id, version],
    queryFn: ({ signal }) => call('getVersion', { params: { ...params, version: version ?? 1 } }, signal),
    enabled: version !== null,
  });
  const [goesOn, setGoesOn] = useState(true);
  const recoverable = failed?.actions.some(({ action, allowed }) => action === 'rerun_from_failed' && allowed);
  const recovers = recoverable && goesOn ? failed : undefined;
  const recover = async (run: Run) => {
    const rerun = await call('rerunRun', {
      params: { run_id: run.id },
      body: { from: 'failed', version: 'latest', accept_changes: true },
      idempotencyKey: `console-${run.id}-${crypto.randomUUID()}`,
    });
    await runsChanged(run.id);
    await navigate({ to: '/runs/$runId', params: { runId: rerun.id } });
  };
  const act = async (note: string | undefined) => {
    if (isChanged && !(await save()))
      throw new Error('The draft could not be saved; what is wrong with it stands beside the text.');
    const done = await call('publishWorkflow', { params, body: note ? { note } : {} });
    await queries.invalidateQueries({ queryKey: ['workflow', workflow.id] });
    await queries.invalidateQueries({ queryKey: ['workflows'] });
    onPublished(done.version);
    told(`v${done.version} is published.`);
    if (recovers) await recover(recovers).catch(tellProblem);
  };
  return (
    <ReasonDialog
      title={`Publish v${(version ?? 0) + 1}`}
      verb={recovers ? 'Publish and recover' : 'Publish'}
      label="Note"
      hint="What has changed, for those who look at the versions."
      size="xl"
      opened
      onClose={onClose}
      act={act}
    >
      {before.data && before.data.source === text && <p className="muted">The text is that of v{version}.</p>}
      {before.data && before.data.source !== text && (
        <Diff before={before.data.source} after={text} names={[`v${version}`, 'What you publish']} />
      )}
      {recoverable && failed && (
        <label className="check">
          <input type="checkbox" checked={goesOn} onChange={(event) => setGoesOn(event.target.checked)} />
          <span>
            Go on with the run {failed.reference ?? failed.name} on it, from{' '}
            <code>{failed.error?.step ?? 'where it failed'}</code>; what steps before have given is taken over
          </span>
        </label>
      )}
    </ReasonDialog>
  );
}

interface Placed {
  step: string;
  line: number;
  inside?: Record<string, Placed[]> | undefined;
}

function findLine(steps: readonly Placed[], id: string): number | undefined {
  for (const { step, line, inside = {} } of steps) {
    if (step === id) return line;
    const inner = Object.values(inside)
      .map((list) => findLine(list, id))
      .find((found) => found !== undefined);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

const SETTLED_MS = 350;

/** The value once nobody has changed it for a moment. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return useDeferredValue(settled);
}
