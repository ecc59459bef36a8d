import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type BodyOf, call, type Result } from '../api/call.ts';
import { meQuery, queries, workflowsQuery } from '../api/queries.ts';
import { Button, Field, IconButton, NumberField, Problem } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { Panel } from '../kit/panel.tsx';
import { Time } from '../kit/time.tsx';
import { told } from '../kit/told.tsx';
import { credits } from './credits.ts';

type Budget = Result<'getBudgets'>['items'][number];

const TONES = { within: 'good', warned: 'warn', exhausted: 'bad' } as const;

/** What may be spent, how much of it has been, and what happens then. */
export function Budgets() {
  const { data: me } = useQuery(meQuery);
  const budgets = useQuery({
    queryKey: ['budgets'],
    queryFn: ({ signal }) => call('getBudgets', undefined, signal),
  });
  const { data: workflows = [] } = useQuery(workflowsQuery);
  const [isChanging, setChanging] = useState(false);
  const items = budgets.data?.items ?? [];
  const because =
    me?.role !== 'admin'
      ? 'This takes the role admin.'
      : me.project_id !== null
        ? 'This key is of one project; budgets are of the whole workspace.'
        : undefined;
  const scopeOf = ({ workflow_id, project_id }: Budget) =>
    workflow_id !== null
      ? (workflows.find(({ id }) => id === workflow_id)?.name ?? workflow_id)
      : project_id !== null
        ? `project ${project_id}`
        : 'the whole workspace';
  return (
    <Panel
      title="Budgets"
      note={items.length > 0 && items.length}
      actions={
        <Button icon="edit" because={because} onClick={() => setChanging(true)}>
          {items.length > 0 ? 'Change' : 'Set a budget'}
        </Button>
      }
    >
      {budgets.isError && <Problem error={budgets.error} />}
      {budgets.isSuccess && items.length === 0 && (
        <p className="panel-body muted">
          None: nothing is refused for what it costs. A budget warns from some credits on, and refuses new starts from others on.
        </p>
      )}
      {items.length > 0 && (
        <div className="scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Of</th>
                <th>State</th>
                <th className="right">Spent</th>
                <th className="right">Warns at</th>
                <th className="right">Stops at</th>
                <th>Anew</th>
              </tr>
            </thead>
            <tbody>
              {items.map((budget) => (
                <tr key={`${scopeOf(budget)} ${budget.per}`}>
                  <td>
                    {scopeOf(budget)} <span className="muted">a {budget.per}</span>
                  </td>
                  <td>
                    <span className={`pill ${TONES[budget.state]}`}>{budget.state}</span>
                  </td>
                  <td className="right num">{credits(budget.spent)}</td>
                  <td className="right num">{budget.warn_at === null ? '-' : credits(budget.warn_at)}</td>
                  <td className="right num">
                    {budget.stop_at === null ? '-' : credits(budget.stop_at)}
                    {budget.overdraft && <span className="muted"> only shown</span>}
                  </td>
                  <td className="muted">
                    <Time at={budget.begins_anew_at} exact />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {isChanging && <Change budgets={items} onClose={() => setChanging(false)} />}
    </Panel>
  );
}

interface Row {
  key: string;
  /** Empty for the workspace, `p:` or `w:` and an id. */
  of: string;
  per: 'day' | 'month';
  warnAt: string;
  stopAt: string;
  overdraft: boolean;
}

const rowOf = (budget?: Budget): Row => ({
  key: crypto.randomUUID(),
  of: budget?.workflow_id ? `w:${budget.workflow_id}` : budget?.project_id ? `p:${budget.project_id}` : '',
  per: budget?.per ?? 'month',
  warnAt: String(budget?.warn_at ?? ''),
  stopAt: String(budget?.stop_at ?? ''),
  overdraft: budget?.overdraft ?? false,
});

const givenIn = ({ of, per, warnAt, stopAt, overdraft }: Row) => ({
  per,
  overdraft,
  ...(of.startsWith('w:') && { workflow_id: of.slice(2) }),
  ...(of.startsWith('p:') && { project_id: of.slice(2) }),
  ...(warnAt.trim() && { warn_at: Number(warnAt) }),
  ...(stopAt.trim() && { stop_at: Number(stopAt) }),
});

function Change({ budgets, onClose }: { budgets: readonly Budget[]; onClose: () => void }) {
  const { data: workflows = [] } = useQuery(workflowsQuery);
  const [rows, setRows] = useState<readonly Row[]>(() => (budgets.length > 0 ? budgets.map(rowOf) : [rowOf()]));
  const projects = [...new Set(workflows.map(({ project_id }) => project_id))];
  const set = (key: string, more: Partial<Row>) =>
    setRows((now) => now.map((row) => (row.key === key ? { ...row, ...more } : row)));
  const act = async (reason: string | undefined) => {
    const body: BodyOf<'putBudgets'> = { items: rows.map(givenIn) };
    await call('putBudgets', { body, ...(reason && { reason }) });
    await queries.invalidateQueries({ queryKey: ['budgets'] });
    told('Saved.');
  };
  return (
    <ReasonDialog title="Budgets" verb="Save" size="xl" opened onClose={onClose} act={act}>
      <p className="muted">In credits, of runs that have ended, by the UTC day or month in which they were created.</p>
      <div className="budget-rows">
        {rows.map((row) => (
          <div key={row.key} className="budget-row">
            <Field label="Of">
              {(id) => (
                <select id={id} className="select" value={row.of} onChange={(event) => set(row.key, { of: event.target.value })}>
                  <option value="">the whole workspace</option>
                  {projects.map((project) => (
                    <option key={project} value={`p:${project}`}>
                      project {project}
                    </option>
                  ))}
                  {workflows.map((one) => (
                    <option key={one.id} value={`w:${one.id}`}>
                      {one.title ?? one.name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label="Per">
              {(id) => (
                <select
                  id={id}
                  className="select"
                  value={row.per}
                  onChange={(event) => set(row.key, { per: event.target.value === 'day' ? 'day' : 'month' })}
                >
                  <option>day</option>
                  <option>month</option>
                </select>
              )}
            </Field>
            <NumberField label="Warn at" value={row.warnAt} onChange={(warnAt) => set(row.key, { warnAt })} />
            <NumberField label="Stop at" value={row.stopAt} onChange={(stopAt) => set(row.key, { stopAt })} />
            <label className="check">
              <input
                type="checkbox"
                checked={row.overdraft}
                onChange={(event) => set(row.key, { overdraft: event.target.checked })}
              />
              <span>Only show</span>
            </label>
            <IconButton
              icon="cross"
              label="Remove this budget"
              onClick={() => setRows((now) => now.filter(({ key }) => key !== row.key))}
            />
          </div>
        ))}
        <div>
          <Button icon="plus" onClick={() => setRows((now) => [...now, rowOf()])}>
            Another
          </Button>
        </div>
      </div>
    </ReasonDialog>
  );
}
