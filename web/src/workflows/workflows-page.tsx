import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { workflowsQuery } from '../api/queries.ts';
import { Empty, Loading, Problem, SearchBox } from '../kit/controls.tsx';
import { Time } from '../kit/time.tsx';

/** All workflows by name. */
export function WorkflowsPage() {
  const { q = '' } = useSearch({ from: '/workflows' });
  const navigate = useNavigate({ from: '/workflows' });
  const workflows = useQuery(workflowsQuery);
  const wanted = q.toLowerCase();
  const found = (workflows.data ?? [])
    .filter(({ name, title, project_id }) => `${name} ${title ?? ''} ${project_id}`.toLowerCase().includes(wanted))
    .toSorted((a, b) => (a.title ?? a.name).localeCompare(b.title ?? b.name));
  return (
    <div className="page">
      <div className="page-head">
        <h1>Workflows</h1>
        <SearchBox
          label="Find workflows"
          placeholder="Name or project"
          value={q}
          onChange={(next) => void navigate({ search: { q: next }, replace: true })}
        />
      </div>
      {workflows.isPending && <Loading />}
      {workflows.isError && <Problem error={workflows.error} />}
      {workflows.isSuccess && found.length === 0 && <Empty title={q ? 'No workflow matches' : 'There are no workflows yet'} />}
      {found.length > 0 && (
        <div className="panel scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Workflow</th>
                <th>Project</th>
                <th>Version</th>
                <th>State</th>
                <th>Changed</th>
                <th>
                  <span className="hidden">Links</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {found.map((workflow) => (
                <tr key={workflow.id}>
                  <td>
                    <Link to="/workflows/$workflowId" params={{ workflowId: workflow.id }}>
                      <b>{workflow.title ?? workflow.name}</b>
                    </Link>{' '}
                    {workflow.title && <code className="faint">{workflow.name}</code>}
                  </td>
                  <td className="muted">{workflow.project_id}</td>
                  <td className="num">
                    {workflow.published_version === null ? (
                      <span className="faint">not published</span>
                    ) : (
                      `v${workflow.published_version}`
                    )}
                  </td>
                  <td>{workflow.enabled ? <span className="pill good">on</span> : <span className="pill">off</span>}</td>
                  <td className="muted">
                    <Time at={workflow.updated_at} />
                  </td>
                  <td className="right">
                    <Link to="/runs" search={{ workflow: workflow.id }}>
                      Runs
                    </Link>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
