import { toldIn, traceFrom, traceHeaders } from '../kernel/trace.ts';
import type { Run } from '../run/model/run.ts';
import { isTerminal } from '../run/model/status.ts';
import { type Appended, hasEnded, type RowChanged, type StreamedChange } from '../run/stream/streamed-change.ts';
import type { EventType, SubscribedEvent } from './subscription.ts';

const ENDS: Partial<Record<Run['status'], EventType>> = {
  succeeded: 'run.succeeded',
  failed: 'run.failed',
  cancelled: 'run.cancelled',
  timed_out: 'run.timed_out',
  skipped: 'run.skipped',
};

/** What a change of a run's row tells: its start once, and its end once. */
export function typeOfRow(change: RowChanged): EventType | undefined {
  if (!change.statusBefore && !isTerminal(change.status)) return 'run.started';
  return hasEnded(change) ? ENDS[change.status] : undefined;
}

export function eventOfRow(run: Run, type: EventType): SubscribedEvent {
  return eventOf(run, { id: `${run.id}/${type}`, type, at: run.endedAt ?? run.createdAt });
}

const TASKS = { task_opened: 'task.opened', task_answered: 'task.answered', task_expired: 'task.expired' } as const;

/** What entries tell of questions to people. */
export function eventsOfEntries(run: Run, { number, entries }: Appended): SubscribedEvent[] {
  return entries.flatMap((entry, index) => {
    if (entry.type !== 'task_opened' && entry.type !== 'task_answered' && entry.type !== 'task_expired') return [];
    const type = TASKS[entry.type];
    const asked = entry.type === 'task_opened' ? { kind: entry.kind, title: entry.title, assignees: entry.assignees } : {};
    const answered = entry.type === 'task_answered' ? { decision: entry.decision, answered_by: entry.actor } : {};
    const task = { step: entry.key, ...asked, ...answered };
    return [eventOf(run, { id: `${run.id}/${number + index}`, type, at: entry.at }, { task })];
  });
}

/** Changes that may hold such entries. */
export const asksPeople = (change: StreamedChange): change is Appended =>
  change.kind === 'appended' && change.isNotable && change.entries.some(({ type }) => type in TASKS);

/** Nothing of what runs are given and give: that stays where it is asked for by those who may see it. */
function eventOf(run: Run, { id, type, at }: Pick<SubscribedEvent, 'id' | 'type' | 'at'>, more: object = {}): SubscribedEvent {
  const { workspace, project, workflowId, trigger, labels, error } = run;
  const data = {
    run: {
      id: run.id,
      name: run.name,
      reference: run.reference ?? null,
      workflow_id: workflowId,
      workflow_name: run.workflowName,
      project_id: project,
      status: run.status,
      trigger,
      labels,
      created_at: run.createdAt,
      started_at: run.startedAt ?? null,
      ended_at: run.endedAt ?? null,
      error: error ? { name: error.name, message: error.message, step: error.step ?? null } : null,
    },
    trace: traceHeaders(toldIn(traceFrom(run, type))),
    ...more,
  };
  return { id, type, at, workspace, project, workflowId, trigger, labels, data };
}
