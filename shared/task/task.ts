import { maySee } from '../access/tenancy.ts';
import type { Actor } from '../kernel/actor.ts';
import type { Page, PageOf } from '../kernel/page.ts';
import { Problem } from '../kernel/problem.ts';
import { allows, type Caller } from '../kernel/role.ts';
import type { Decision, TaskKind } from '../run/model/entry.ts';
import type { Task, TaskStatus } from '../run/model/task.ts';
import type { TaskRows } from '../run/ports.ts';

/** A task as its row has it: what follows from the journal, and what people have changed since. */
export type TaskRow = Task & {
  snoozedUntil?: string | undefined;
  /** When the last mail about it was sent. */
  mailedAt?: string | undefined;
  /** Why the last one could not be. */
  mailError?: string | undefined;
};

export interface TaskFilter {
  workspace: string;
  project?: string | undefined;
  workflowId?: string | undefined;
  runId?: string | undefined;
  group?: string | undefined;
  status?: TaskStatus | undefined;
  kind?: TaskKind | undefined;
  /** Mail address of one who is asked. */
  assignee?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** What people change of an open task. */
export interface TaskChange {
  assignees?: string[] | undefined;
  /** null: it is to be seen at once. */
  snoozedUntil?: string | null | undefined;
}

export interface Tasks extends TaskRows {
  /** The row as it stands now. */
  get(id: string): Promise<TaskRow | undefined>;
  /** Changes an open task; false when it is open no more. */
  change(seen: TaskRow, change: TaskChange, now: Date): Promise<boolean>;
  /** Newest first. */
  list(filter: TaskFilter, page: PageOf): Promise<Page<TaskRow>>;
}

/** Whether the row is one of the list. An index may be behind its rows. */
export function fits(task: TaskRow, { assignee, from, to, ...same }: TaskFilter): boolean {
  if (assignee !== undefined && !task.assignees.includes(assignee)) return false;
  if (from !== undefined && Date.parse(task.openedAt) < Date.parse(from)) return false;
  if (to !== undefined && Date.parse(task.openedAt) > Date.parse(to)) return false;
  const { workspace, project, workflowId, runId, group, status, kind } = same;
  const asked = { workspace, project, workflowId, runId, group, status, kind };
  const names = ['workspace', 'project', 'workflowId', 'runId', 'group', 'status', 'kind'] as const;
  return names.every((name) => asked[name] === undefined || asked[name] === task[name]);
}

/** What each kind is answered with. */
export const DECISIONS_OF: Record<TaskKind, readonly Decision[]> = {
  approval: ['approve', 'reject'],
  exception: ['retry', 'skip', 'fail'],
};

/** Throws `invalid` for a decision that the task does not ask for. */
export function checkDecision({ kind }: Pick<Task, 'kind'>, decision: Decision): void {
  const known = DECISIONS_OF[kind];
  if (known.includes(decision)) return;
  throw new Problem('invalid', `An ${kind} is answered with ${known.join(', ')}; "${decision}" is for others.`, [
    { name: 'decision', value: decision },
  ]);
}

/** Whether the caller is one of those who are asked, or an admin; where nobody is named, everybody is asked. */
export function mayAnswer({ assignees, workspace, project }: TaskRow, caller: Caller): boolean {
  if (!maySee(caller, { workspace, project })) throw new Error('a task of others is never answered');
  if (assignees.length === 0 || allows(caller.role, 'admin')) return true;
  return caller.email !== undefined && assignees.includes(caller.email.toLowerCase());
}

/** Throws `forbidden` for who is not asked. */
export function checkMayAnswer(task: TaskRow, caller: Caller): void {
  if (mayAnswer(task, caller)) return;
  throw new Problem('forbidden', `Task "${task.id}" asks ${task.assignees.join(', ')}. They can answer it, or an admin.`);
}

/** Whether that person has given that answer. */
export const isAnswered = (
  { status, decision, comment, answeredBy }: TaskRow,
  answer: { decision: Decision; comment?: string | undefined },
  actor: Actor,
) => status === 'answered' && decision === answer.decision && comment === answer.comment && answeredBy?.id === actor.id;

/** The refusal of an answer that comes too late. */
export function closedAlready({ id, status, answeredBy, decision, closedAt }: TaskRow): Problem {
  const how = status === 'answered' ? `answered ${decision} by ${answeredBy?.name}` : status;
  return new Problem('conflict', `Task "${id}" is ${how} since ${closedAt ?? 'a moment ago'}.`, [
    { name: 'status', value: status === 'open' ? 'cancelled' : status },
  ]);
}
