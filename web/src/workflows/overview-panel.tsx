import { useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Figures } from '../analytics/figures.tsx';
import { rangeOf, useFigures } from '../analytics/use-figures.ts';
import { call } from '../api/call.ts';
import type { RunEntry, Workflow } from '../api/queries.ts';
import { Empty, Loading, Problem } from '../kit/controls.tsx';
import { lookOf } from '../kit/status.tsx';
import { duration, Time } from '../kit/time.tsx';
import { mailboxQuery, queuesQuery, schedulesQuery, webhooksQuery } from '../triggers/queries.ts';
import '../analytics/analytics.css';
import { Panel } from '../kit/panel.tsx';

const LAST = 50;
const NEXT = 5;
const LOOK_EVERY_MS = 10_000;
const LEAST_HEIGHT = 6;

/** How a workflow does at a glance: its last runs, its figures, what starts it and when next. */
export function OverviewPanel({ workflow }: { workflow: Workflow }) {
  const last = useQuery({
    queryKey: ['runs', 'last', workflow.id, LAST],
    queryFn: ({ signal }) => call('listWorkflowRuns', { params: { workflow_id: workflow.id }, query: { limit: LAST } }, signal),
    refetchInterval: LOOK_EVERY_MS,
  });
  const range = rangeOf(undefined);
  const { overview } = useFigures(range, workflow.id);
  const runs = (last.data?.items ?? []).toReversed();
  if (last.isPending) return <Loading />;
  if (last.isError) return <Problem error={last.error} retry={() => void last.refetch()} />;
  return (
    <div className="stack">
      <Panel
        title={<>Last {runs.length > 1 ? `${runs.length} runs` : 'run'}</>}
        label="Last runs"
        note={<>as high as they took long</>}
        actions={
          <Link to="/workflows/$workflowId" params={{ workflowId: workflow.id }} search={{ tab: 'runs' }}>
            All runs
          </Link>
        }
      >
        <div className="panel-body">
          {runs.length === 0 ? (
            <Empty title="It has not run yet">
              Start it under Start, or give it a trigger: a mail address, a schedule or a webhook, under Triggers.
            </Empty>
          ) : (
            <LastRuns runs={runs} />
          )}
        </div>
      </Panel>
      {overview.isError && <Problem error={overview.error} />}
      {overview.data && overview.data.runs > 0 && (
        <Panel
          title="Last 7 days"
          label="Figures"
          actions={
            <Link to="/analytics" search={{ workflow: workflow.id }}>
              Analytics
            </Link>
          }
        >
          <div className="panel-body">
            <Figures figures={overview.data} search={{ workflow: workflow.id }} />
          </div>
        </Panel>
      )}
      <div className="columns">
        <NextFires workflow={workflow} />
        <Triggers workflow={workflow} />
      </div>
    </div>
  );
}

const tookOf = (run: RunEntry) =>
  (run.ended_at ? Date.parse(run.ended_at) : Date.now()) - Date.parse(run.started_at ?? run.created_at);

/** The oldest left; each bar is a link to its run. A long one among short ones does not hide them: heights go by the root. */
function LastRuns({ runs }: { runs: readonly RunEntry[] }) {
  const most = Math.sqrt(Math.max(1, ...runs.map(tookOf)));
  return (
    <div className="last-runs">
      {runs.map((run) => {
        const { word, tone } = lookOf(run.status);
        const said = `${run.reference ?? run.name}: ${word}, ${duration(tookOf(run))}`;
        return (
          <Link key={run.id} to="/runs/$runId" params={{ runId: run.id }} title={said} aria-label={said}>
            <i className={tone} style={{ height: `${Math.max(LEAST_HEIGHT, (Math.sqrt(tookOf(run)) / most) * 100)}%` }} />
          </Link>
        );
      })}
    </div>
  );
}

function NextFires({ workflow }: { workflow: Workflow }) {
  const schedules = useQuery(schedulesQuery(workflow.id));
  const live = (schedules.data?.items ?? []).filter(({ enabled, next_fire }) => enabled && next_fire);
  const next = useQueries({
    queries: live.map(({ id }) => ({
      queryKey: ['triggers', workflow.id, 'next', id],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        call('listNextFires', { params: { workflow_id: workflow.id, schedule_id: id }, query: { count: NEXT } }, signal),
    })),
  });
  const fires = next
    .flatMap(({ data }, at) =>
      (data?.items ?? []).map((fire) => ({ ...fire, name: live[at]?.name ?? '', zone: data?.timezone ?? '' })),
    )
    .toSorted((a, b) => a.at.localeCompare(b.at))
    .slice(0, NEXT);
  return (
    <Panel title="Next fires">
      {schedules.isError && <Problem error={schedules.error} />}
      {fires.length === 0 && !schedules.isPending ? (
        <p className="panel-body muted">{workflow.enabled ? 'No schedule starts it.' : 'It is turned off.'}</p>
      ) : (
        <ul className="inbox-list">
          {fires.map((fire) => (
            <li key={`${fire.name} ${fire.at}`}>
              <Time at={fire.at} exact />
              <span className="muted cut grow">{fire.name}</span>
              {fire.mark && <span className="pill warn">{fire.mark}</span>}
              {fire.clock_change && <span className="pill warn">clock change before it</span>}
              <span className="faint">
                {fire.local.slice(11, 16)} {fire.zone}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Triggers({ workflow }: { workflow: Workflow }) {
  const mailbox = useQuery(mailboxQuery(workflow.id));
  const schedules = useQuery(schedulesQuery(workflow.id));
  const webhooks = useQuery(webhooksQuery(workflow.id));
  const queues = useQuery(queuesQuery(workflow.id));
  const rows = [
    ...(mailbox.data ? [{ id: 'mail', kind: 'Mail', name: mailbox.data.address, enabled: mailbox.data.enabled }] : []),
    ...(schedules.data?.items ?? []).map((one) => ({ ...one, kind: 'Schedule' })),
    ...(webhooks.data?.items ?? []).map((one) => ({ ...one, kind: 'Webhook' })),
    ...(queues.data?.items ?? []).map((one) => ({ ...one, kind: 'Queue' })),
  ];
  return (
    <Panel
      title="Triggers"
      actions={
        <Link to="/workflows/$workflowId" params={{ workflowId: workflow.id }} search={{ tab: 'triggers' }}>
          {rows.length > 0 ? 'Settings' : 'Add one'}
        </Link>
      }
    >
      {rows.length === 0 ? (
        <p className="panel-body muted">Nothing but the API and people start it.</p>
      ) : (
        <ul className="inbox-list">
          {rows.map((row) => (
            <li key={row.id}>
              <span className="muted">{row.kind}</span>
              <span className="cut grow">{row.name}</span>
              {row.enabled ? <span className="pill good">on</span> : <span className="pill">off</span>}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
