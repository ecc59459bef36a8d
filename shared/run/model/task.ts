import * as z from 'zod';
import { openCircuitIn } from '../../connection/circuit.ts';
import { actor } from '../../kernel/actor.ts';
import { connectionGroupOf, fingerprintOf } from '../../kernel/fingerprint.ts';
import { idOf } from '../../kernel/id.ts';
import { DECISIONS, type Entry, type EntryOf, type Failure, failure, TASK_KINDS } from './entry.ts';
import { keptUntil } from './project.ts';
import type { Run } from './run.ts';
import { parseKey } from './scope.ts';
import { stored } from './stored.ts';

export const TASK_STATUSES = ['open', 'answered', 'expired', 'cancelled'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** A question to a person, as it follows from the journal of its run. */
export const task = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  runId: z.string(),
  runName: z.string(),
  reference: z.string().optional(),
  workflowId: z.string(),
  workflowName: z.string(),
  /** Key of the step that asks. */
  stepKey: z.string(),
  /** Number of the entry that opened it. */
  opened: z.int(),
  /** Number of the last entry that it reflects. */
  seen: z.int(),
  kind: z.enum(TASK_KINDS),
  status: z.enum(TASK_STATUSES),
  title: z.string(),
  assignees: z.array(z.string()),
  /** Failures with the same cause, as far as their words tell: one answer may settle them all. */
  group: z.string().optional(),
  error: failure.optional(),
  /** The text and the form of an approval. */
  input: stored.optional(),
  openedAt: z.string(),
  expiresAt: z.string().optional(),
  remindSeconds: z.number().optional(),
  closedAt: z.string().optional(),
  decision: z.enum(DECISIONS).optional(),
  answeredBy: actor.optional(),
  comment: z.string().optional(),
  given: stored.optional(),
  /** When the row may go, in seconds since 1970. */
  expires: z.int(),
});
export type Task = z.infer<typeof task>;

/** The task that the entry of that number opens, and what the entry that settled it says. */
export function taskOf(
  run: Run,
  { number: opened, entry }: { number: number; entry: EntryOf<'task_opened'> },
  closing: { number: number; entry: Entry } | undefined,
  retentionDays: number,
): Task {
  const { id: step } = parseKey(entry.key);
  const { workspace, project, workflowId, workflowName, reference } = run;
  const { kind, title, assignees, error, input, remindSeconds } = entry;
  return {
    id: idOf(`task ${run.id} ${opened}`, Date.parse(entry.at)),
    workspace,
    project,
    runId: run.id,
    runName: run.name,
    reference,
    workflowId,
    workflowName,
    stepKey: entry.key,
    opened,
    seen: closing?.number ?? opened,
    kind,
    title,
    assignees,
    group: error && groupOf(run, error.step ?? step, error),
    error,
    input,
    openedAt: entry.at,
    expiresAt: entry.until,
    remindSeconds,
    ...closedBy(closing?.entry),
    expires: keptUntil(new Date(closing?.entry.at ?? run.deadline), retentionDays),
  };
}

/** Exceptions with one cause: a connection that is not taken, or not called, stands in the way of every run that uses it. */
function groupOf(
  { workspace, project, workflowId }: Pick<Run, 'workspace' | 'project' | 'workflowId'>,
  step: string,
  error: Failure,
) {
  const connection = connectionIn(error);
  return connection === undefined
    ? fingerprintOf({ workflowId, step, name: error.name, message: error.message })
    : connectionGroupOf({ workspace, project }, connection);
}

const naming = z.object({ connection: z.string() });

/** The connection whose credential was not taken, or whose circuit is open. */
const connectionIn = ({ name, data }: Pick<Failure, 'name' | 'data'>): string | undefined =>
  name === 'CredentialRejected' ? naming.safeParse(data).data?.connection : openCircuitIn(data);

function closedBy(entry: Entry | undefined): Pick<Task, 'status'> & Partial<Task> {
  if (!entry) return { status: 'open' };
  const closedAt = entry.at;
  if (entry.type === 'task_expired') return { status: 'expired', closedAt };
  if (entry.type !== 'task_answered') return { status: 'cancelled', closedAt };
  const { decision, actor, comment, given } = entry;
  return { status: 'answered', closedAt, decision, answeredBy: actor, comment, given };
}
