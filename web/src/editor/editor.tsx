import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { isMap } from '../../../shared/kernel/is-map.ts';
import { call, Refused } from '../api/call.ts';
import { outlineQuery, queries, type Run, runQuery, runsChanged, type Workflow, workflowsQuery } from '../api/queries.ts';
import { Graph } from '../graph/graph.tsx';
import { Button, Problem } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { Icon } from '../kit/icons.tsx';
import { Panel } from '../kit/panel.tsx';
import { useSettled } from '../kit/settled.ts';
import { tellProblem, told } from '../kit/told.tsx';
import { Code, Diff } from './code.tsx';
import { inputsOf, stepIdsOf } from './names.ts';

const place = (id: string) => `millrun.draft.${id}`;
const FOREIGN = 'Somebody else has saved meanwhile: look at what is different, and say what becomes of it.';

/** What was written here before and not saved, and on top of which draft. */
function keptDraft(id: string): { text: string; base: string | undefined } | undefined {
  const kept = localStorage.getItem(place(id));
  if (kept === null) return undefined;
  try {
    const value: unknown = JSON.parse(kept);
    if (isMap(value) && typeof value['text'] === 'string')
      return { text: value['text'], base: typeof value['base'] === 'string' ? value['base'] : undefined };
  } catch {
    // As consoles of before have kept it: the text alone.
  }
  return { text: kept, base: undefined };
}

const isConflict = (error: unknown) => error instanceof Refused && error.status === 409;

/** The text left, its graph and problems right; what is not saved yet stays in the browser. */
export function Editor({ workflow, afterRun }: { workflow: Workflow; afterRun: string | undefined }) {
  const { source: saved, definition: hash } = workflow.draft;
  const [kept] = useState(() => keptDraft(workflow.id));
  const [text, setText] = useState(kept?.text ?? saved);
  /** The draft on top of which the text stands. */
  const [base, setBase] = useState(kept?.base ?? hash);
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
  const isForeign = hash !== base && isChanged;

  useEffect(() => {
    if (isChanged) localStorage.setItem(place(workflow.id), JSON.stringify({ text, base }));
    else localStorage.removeItem(place(workflow.id));
  }, [isChanged, text, base, workflow.id]);

  useEffect(() => {
    // A text that nobody has touched follows what others save.
    if (!isChanged) setBase(hash);
  }, [isChanged, hash]);

  useEffect(() => {
    // Once: afterwards the text is in the hands of whoever corrects it.
    if (failedLine === undefined || isAtFailure.current) return;
    isAtFailure.current = true;
    setLine(failedLine);
  }, [failedLine]);

  const save = async () => {
    setError(undefined);
    try {
      const { draft } = await call('saveDraft', {
        params: { workflow_id: workflow.id },
        body: { definition: text },
        ifMatch: base,
      });
      setBase(draft.definition);
      await queries.invalidateQueries({ queryKey: ['workflow', workflow.id] });
      told('Saved as the draft.');
      return true;
    } catch (thrown) {
      // What they have saved is fetched, and shown against this.
      if (isConflict(thrown)) await queries.invalidateQueries({ queryKey: ['workflow', workflow.id] });
      else setError(thrown);
      return false;
    }
  };
  const errors = (checked.data?.diagnostics ?? []).filter(({ severity }) => severity === 'error').length;
  return (
    <div className="stack">
      <div className="row wrap">
        <Button
          icon="check"
          onClick={() => void save()}
          because={isForeign ? FOREIGN : isChanged ? undefined : 'The draft is as it was saved.'}
        >
          Save draft
        </Button>
        <Button
          kind="primary"
          icon="external"
          onClick={() => setPublishing(true)}
          because={isForeign ? FOREIGN : errors > 0 ? 'The document has problems.' : undefined}
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
        <Panel
          title="Somebody else has saved this draft meanwhile"
          actions={
            <>
              <Button onClick={() => setBase(hash)}>Keep mine</Button>
              <Button
                onClick={() => {
                  setText(saved);
                  setBase(hash);
                }}
              >
                Take theirs
              </Button>
            </>
          }
        >
          <div className="panel-body">
            <Diff before={saved} after={text} names={['Theirs', 'Yours']} />
          </div>
        </Panel>
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
            onSave={() => !isForeign && void save()}
            onPublish={() => errors === 0 && !isForeign && setPublishing(true)}
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
  const [isTested, setTested] = useState(false);
  const tests = useQuery({
    queryKey: ['workflow', workflow.id, 'tests', 'list'],
    queryFn: ({ signal }) => call('listTests', { params }, signal),
  });
  const testCount = tests.data?.items.length ?? 0;
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
    const done = await call('publishWorkflow', {
      params,
      body: { ...(note && { note }), require_tests: isTested && testCount > 0 },
    });
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
      {testCount > 0 && (
        <label className="check">
          <input type="checkbox" checked={isTested} onChange={(event) => setTested(event.target.checked)} />
          <span>
            Only if {testCount === 1 ? 'its test comes' : `all ${testCount} tests come`} out the same, answered from the record
          </span>
        </label>
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
