import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { isMap } from '../../../shared/kernel/is-map.ts';
import { call, type Result } from '../api/call.ts';
import { outlineQuery, runsChanged, type Workflow } from '../api/queries.ts';
import { Button, Field, Problem } from '../kit/controls.tsx';
import { InputForm, objectIn, whyNotSent } from '../kit/input-form.tsx';
import { Json } from '../kit/json.tsx';
import { Panel } from '../kit/panel.tsx';

/** A value of the schema, for somebody to change. */
function sampleOf(schema: unknown, depth = 0): unknown {
  if (!isMap(schema) || depth > 5) return null;
  if (schema['default'] !== undefined) return schema['default'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if (isMap(schema['properties'])) {
    const required = Array.isArray(schema['required']) ? schema['required'] : Object.keys(schema['properties']);
    const fields = Object.entries(schema['properties']).filter(([name]) => required.includes(name));
    return Object.fromEntries(fields.map(([name, inner]) => [name, sampleOf(inner, depth + 1)]));
  }
  switch (schema['type']) {
    case 'array':
      return [sampleOf(schema['items'], depth + 1)];
    case 'integer':
    case 'number':
      return Number(schema['minimum'] ?? 1);
    case 'boolean':
      return false;
    case 'object':
      return {};
    default:
      return '';
  }
}

/** Starts a run by hand, or says what one would do. */
export function StartPanel({ workflow }: { workflow: Workflow }) {
  const outline = useQuery(outlineQuery(workflow.draft.source));
  const last = useQuery({
    queryKey: ['runs', 'last', workflow.id],
    queryFn: async ({ signal }) => {
      const { items } = await call('listWorkflowRuns', { params: { workflow_id: workflow.id }, query: { limit: 1 } }, signal);
      return items[0] ? await call('getRun', { params: { run_id: items[0].id } }, signal) : null;
    },
  });
  const [typed, setTyped] = useState<string>();
  const [stage, setStage] = useState<'Published' | 'Draft'>(workflow.published_version === null ? 'Draft' : 'Published');
  const [reference, setReference] = useState('');
  const [error, setError] = useState<unknown>();
  const [foreseen, setForeseen] = useState<Result<'commandWorkflow'>>();
  const { as } = useSearch({ from: '/workflows/$workflowId' });
  const navigate = useNavigate({ from: '/workflows/$workflowId' });
  const schema = outline.data?.plan?.input;
  // Nothing stands there before it is known what will: nobody's text is to change under their hands.
  const isProposed = !last.isPending && !outline.isPending;
  const proposed = isProposed ? JSON.stringify(last.data?.inputs ?? sampleOf(schema) ?? {}, null, 2) : '';
  const text = typed ?? proposed;
  const because = isProposed ? whyNotSent(text) : 'What it was started with last is still being looked up.';
  const start = async (dryRun: boolean) => {
    setError(undefined);
    setForeseen(undefined);
    try {
      const inputs = objectIn(text);
      if (!inputs) throw new Error('The input is no JSON object.');
      const answer = await call('commandWorkflow', {
        params: { workflow_id: workflow.id },
        body: {
          command: 'start',
          params: { inputs, stage, ...(reference.trim() && { reference: reference.trim() }), ...(dryRun && { dry_run: true }) },
        },
        ...(!dryRun && { idempotencyKey: `console-${crypto.randomUUID()}` }),
      });
      if (answer.object === 'dry_run') return setForeseen(answer);
      await runsChanged();
      await navigate({ to: '/runs/$runId', params: { runId: answer.id } });
    } catch (thrown) {
      setError(thrown);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!because) void start(false);
  };
  return (
    <form className="start" onSubmit={submit}>
      <div className="stack">
        <InputForm
          label="Input"
          schema={schema}
          text={text}
          onText={setTyped}
          view={as === 'json' ? 'json' : 'form'}
          onView={(view) =>
            void navigate({
              search: (now: object) => ({ ...now, as: view === 'json' ? view : undefined }),
              replace: true,
              resetScroll: false,
            })
          }
          isFixed={!isProposed}
          error={error}
          place="inputs"
          hint={
            last.data ? (
              <>
                That of{' '}
                <Link to="/runs/$runId" params={{ runId: last.data.id }}>
                  the last run
                </Link>
                . Change what you like.
              </>
            ) : (
              'After the input schema of the workflow.'
            )
          }
        />
        <div className="row wrap">
          <Field label="Reference">
            {(id) => (
              <input
                id={id}
                className="input"
                placeholder="as the workflow says"
                value={reference}
                onChange={(event) => setReference(event.target.value)}
              />
            )}
          </Field>
          <Field label="Follow">
            {(id) => (
              <select
                id={id}
                className="select"
                value={stage}
                onChange={(event) => setStage(event.target.value === 'Draft' ? 'Draft' : 'Published')}
              >
                <option value="Published" disabled={workflow.published_version === null}>
                  {workflow.published_version === null ? 'nothing is published' : `v${workflow.published_version}, published`}
                </option>
                <option value="Draft">the draft</option>
              </select>
            )}
          </Field>
        </div>
        {error !== undefined && <Problem error={error} />}
        <div className="row">
          <Button type="submit" kind="primary" icon="play" because={because}>
            Start
          </Button>
          <Button because={because} onClick={() => void start(true)}>
            Dry run
          </Button>
        </div>
      </div>
      <div>{foreseen?.object === 'dry_run' && <Foreseen foreseen={foreseen} />}</div>
    </form>
  );
}

type DryRun = Extract<Result<'commandWorkflow'>, { object: 'dry_run' }>;

const Foreseen = ({ foreseen }: { foreseen: DryRun }) => (
  <Panel title={foreseen.would_start ? 'This would start' : 'This would be recorded as skipped'} note={foreseen.reference}>
    <div className="panel-body stack">
      <ol className="attempts">
        {foreseen.steps.map(({ step, title, kind, skipped }) => (
          <li key={step}>
            <span className="faint">{kind}</span>
            <span className={skipped ? 'faint' : ''}>
              {title ?? step}
              {skipped && ', skipped'}
              {skipped === null && <span className="faint">, only the run will tell</span>}
            </span>
          </li>
        ))}
      </ol>
      {foreseen.problems.map(({ step, message }) => (
        <p key={step + message} className="problem">
          {step}: {message}
        </p>
      ))}
      <Json label="Input as the steps see it" value={foreseen.inputs} />
    </div>
  </Panel>
);
