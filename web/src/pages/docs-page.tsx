import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { call } from '../api/call.ts';
import { meQuery, workflowsQuery } from '../api/queries.ts';
import { Copy, Id } from '../kit/controls.tsx';
import '../settings/settings.css';
import { Panel } from '../kit/panel.tsx';

/** How this installation is spoken to, with the reader's own address and ids. */
export function DocsPage() {
  const { data: me } = useQuery(meQuery);
  const { data: workflows = [] } = useQuery(workflowsQuery);
  const last = useQuery({
    queryKey: ['runs', 'newest'],
    queryFn: ({ signal }) => call('listRuns', { query: { limit: 1 } }, signal),
  });
  const run = last.data?.items[0];
  const workflow = workflows.find(({ id }) => id === run?.workflow_id) ?? workflows[0];
  const { origin } = location;
  const commands: [string, string][] = [
    ['Who you are', `curl -s "$API/v1/me" -H "$KEY"`],
    ['The newest runs', `curl -s "$API/v1/runs?limit=5" -H "$KEY"`],
    ...(workflow
      ? [
          [
            `Start ${workflow.name}`,
            `curl -s "$API/v1/workflows/${workflow.id}/command" -H "$KEY" -H 'content-type: application/json' \\\n  -H 'Idempotency-Key: order-1' -d '{"command": "start", "params": {"inputs": {}}}'`,
          ] satisfies [string, string],
        ]
      : []),
    ...(run
      ? ([
          ['Its newest run, once it has ended', `curl -s "$API/v1/runs/${run.id}?wait=25" -H "$KEY"`],
          ['The log of that run', `curl -s "$API/v1/runs/${run.id}/events" -H "$KEY"`],
        ] satisfies [string, string][])
      : []),
  ];
  const setup = `export API=${origin} KEY='x-api-key: <your key>'`;
  return (
    <div className="page settings">
      <div className="page-head">
        <h1>Docs</h1>
      </div>
      <Panel title="References">
        <ul className="panel-body docs-list">
          <li>
            <a href="/docs" target="_blank" rel="noreferrer">
              The API
            </a>{' '}
            <span className="muted">every route, its fields, and who may call it</span>
          </li>
          <li>
            <a href="/openapi.json" target="_blank" rel="noreferrer">
              OpenAPI 3.1
            </a>{' '}
            <span className="muted">the same for generators of clients</span>
          </li>
          <li>
            <a href="/schemas/workflow-1.json" target="_blank" rel="noreferrer">
              Schema of workflow documents
            </a>{' '}
            <span className="muted">for editors: completion and problems while you write</span>
          </li>
          <li>
            <a href="/v1/failure-codes" target="_blank" rel="noreferrer">
              Failure codes
            </a>{' '}
            <span className="muted">every error name with its meaning and its cure</span>
          </li>
        </ul>
      </Panel>
      <Panel title="Yours">
        <dl className="panel-body facts">
          <dt>Address</dt>
          <dd className="row">
            <code>{origin}</code>
            <Copy text={origin} label="Copy the address" />
          </dd>
          {me && (
            <>
              <dt>You are</dt>
              <dd>
                {me.name}, {me.role} of {me.workspace}
                {me.project_id && ` / ${me.project_id}`}
              </dd>
              <dt>Live</dt>
              <dd className="row">
                <code className="cut">{me.live_url}</code>
                <Copy text={me.live_url} label="Copy the address of live" />
              </dd>
            </>
          )}
          {workflow && (
            <>
              <dt>
                <Link to="/workflows/$workflowId" params={{ workflowId: workflow.id }}>
                  {workflow.name}
                </Link>
              </dt>
              <dd>
                <Id id={workflow.id} />
              </dd>
            </>
          )}
        </dl>
      </Panel>
      <Panel
        title="From a terminal"
        note={
          <>
            A key is made under <Link to="/people">Members and keys</Link>.
          </>
        }
      >
        <div className="panel-body stack">
          {[['First', setup] satisfies [string, string], ...commands].map(([title, text]) => (
            <div key={title}>
              <div className="json-head">
                <h3>{title}</h3>
                <Copy text={text} label={`Copy: ${title}`} />
              </div>
              <pre className="curl" tabIndex={0}>
                {text}
              </pre>
            </div>
          ))}
        </div>
      </Panel>
    </div>
  );
}
