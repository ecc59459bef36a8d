import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ScopeChoice } from '../analytics/scope-choice.tsx';
import { rangeOf, timesOf } from '../analytics/use-figures.ts';
import { call, type Result } from '../api/call.ts';
import { workflowsQuery } from '../api/queries.ts';
import { Empty, Loading, Problem, Segments } from '../kit/controls.tsx';
import type { Cell } from '../kit/csv.ts';
import { boundsOf, dayOf } from '../kit/days.ts';
import { CsvButton } from '../kit/download.tsx';
import { Panel } from '../kit/panel.tsx';
import { Time, useZone, weekday } from '../kit/time.tsx';
import { type Zone, zoneName } from '../kit/zone.ts';
import type { RunsSearch } from '../runs/filter.ts';
import { Budgets } from './budgets.tsx';
import { credits } from './credits.ts';
import './usage.css';

type Item = Result<'getUsage'>['items'][number];
type By = Result<'getUsage'>['by'];

const BY = [
  ['day', 'Day'],
  ['workflow', 'Workflow'],
  ['project', 'Project'],
  ['action', 'Action'],
] as const;
const byOf = (text: string | undefined): By => BY.find(([by]) => by === text)?.[0] ?? 'day';

/** What runs have used and what that costs, and what they may cost. */
export function UsagePage() {
  const search = useSearch({ from: '/usage' });
  const navigate = useNavigate({ from: '/usage' });
  const zone = useZone();
  const { data: workflows = [] } = useQuery(workflowsQuery);
  const by = byOf(search.by);
  const range = rangeOf(search.range);
  const times = timesOf(range);
  const timezone = zoneName(zone);
  const usage = useQuery({
    queryKey: ['usage', by, range, search.workflow ?? '', timezone],
    queryFn: ({ signal }) =>
      call('getUsage', { query: { ...times, by, timezone, ...(search.workflow && { workflow_id: search.workflow }) } }, signal),
    placeholderData: keepPreviousData,
  });
  const set = (more: object) => void navigate({ search: (now: object) => ({ ...now, ...more }) });
  return (
    <div className="page">
      <div className="page-head">
        <h1>Usage</h1>
        <ScopeChoice workflows={workflows} workflow={search.workflow} range={range} set={set} />
      </div>
      <Budgets />
      {usage.isPending && <Loading />}
      {usage.isError && <Problem error={usage.error} retry={() => void usage.refetch()} />}
      {usage.data && (
        <Panel
          title={`${credits(usage.data.credits)} credits`}
          label="Credits"
          note={
            <>
              of runs created since <Time at={usage.data.from} exact />
            </>
          }
          actions={
            <>
              <Segments label="By" value={by} options={BY} onChange={(next) => set({ by: next })} />
              <Csv data={usage.data} />
            </>
          }
        >
          {usage.data.searched_to && (
            <p className="panel-body muted">
              There is too much to read all: counted down to <Time at={usage.data.searched_to} exact />.
            </p>
          )}
          {usage.data.items.length === 0 ? (
            <Empty title="Nothing was used within this time">
              Runs are counted a few seconds after they have ended. Choose a longer time, or start something.
            </Empty>
          ) : (
            <Rows data={usage.data} within={search.workflow ? { workflow: search.workflow } : {}} />
          )}
        </Panel>
      )}
    </div>
  );
}

function Rows({ data: { by, items }, within }: { data: Result<'getUsage'>; within: RunsSearch }) {
  const zone = useZone();
  const most = Math.max(...items.map((item) => item.credits), 0);
  return (
    <div className="scroll">
      <table className="table usage-table">
        <thead>
          <tr>
            <th>{BY.find(([name]) => name === by)?.[1]}</th>
            <th className="right">Credits</th>
            <th>
              <span className="hidden">Share</span>
            </th>
            {columnsOf(items[0]).map(([, word]) => (
              <th key={word} className="right">
                {word}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={keyOf(item)}>
              <td className="nowrap">{nameOf(item, zone, within)}</td>
              <td className="right num">{credits(item.credits)}</td>
              <td className="share">
                <i style={{ width: `${most === 0 ? 0 : (item.credits / most) * 100}%` }} />
              </td>
              {columnsOf(item).map(([name]) => (
                <td key={name} className={`right num ${Reflect.get(item, name) === 0 ? 'faint' : ''}`}>
                  {Number(Reflect.get(item, name)).toLocaleString('en')}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const AMOUNTS = [
  ['runs', 'Runs'],
  ['steps', 'Steps'],
  ['http_calls', 'HTTP calls'],
  ['mcp_calls', 'Tool calls'],
  ['mails', 'Mails'],
  ['tokens_in', 'Tokens in'],
  ['tokens_out', 'Tokens out'],
] as const;
const COUNT = [['count', 'Count']] as const;
const columnsOf = (item: Item | undefined) => (item && 'action' in item ? COUNT : AMOUNTS);

const ACTION_WORDS: Record<string, string> = {
  step: 'Steps',
  http: 'HTTP calls',
  mcp: 'Calls of tools',
  mail: 'Mails',
  tokens_in: 'Tokens in',
  tokens_out: 'Tokens out',
  waiting: 'Minutes of waiting',
};

const keyOf = (item: Item) =>
  'action' in item
    ? `${item.action} ${item.model}`
    : 'day' in item
      ? item.day
      : 'workflow_id' in item
        ? item.workflow_id
        : item.project_id;

/** What the row is of, with the runs behind it. */
function nameOf(item: Item, zone: Zone, within: RunsSearch): ReactNode {
  if ('action' in item) return `${ACTION_WORDS[item.action] ?? item.action}${item.model === null ? '' : `, ${item.model}`}`;
  if ('day' in item) {
    if (item.runs === 0) return <span className="faint">{weekday(item.day)}</span>;
    const { start, end } = boundsOf(dayOf(Date.parse(item.day), zone), zone);
    return (
      <Link
        to="/runs"
        search={{ from: new Date(start).toISOString(), to: new Date(end - 1).toISOString(), archived: 'any', ...within }}
      >
        {weekday(start)}
      </Link>
    );
  }
  if ('workflow_id' in item)
    return (
      <Link to="/workflows/$workflowId" params={{ workflowId: item.workflow_id }}>
        {item.workflow_name ?? item.workflow_id}
      </Link>
    );
  return (
    <Link to="/runs" search={{ project: item.project_id }}>
      {item.project_id}
    </Link>
  );
}

function Csv({ data: { by, items } }: { data: Result<'getUsage'> }) {
  const columns = items[0] ? Object.keys(items[0]) : [];
  const rows = items.map((item) => columns.map((name): Cell => Reflect.get(item, name)));
  return items.length > 0 ? <CsvButton name={`usage by ${by}`} columns={columns} rows={rows} /> : null;
}
