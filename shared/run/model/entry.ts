import * as z from 'zod';
import { origin } from '../../kernel/acting.ts';
import { actor } from '../../kernel/actor.ts';
import { usage } from '../../usage/usage.ts';
import { RUN_STATUSES } from './status.ts';
import { type Stored, stored } from './stored.ts';

/** What people are asked: to approve, or what to do with a step that has failed. */
export const TASK_KINDS = ['approval', 'exception'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];
export const DECISIONS = ['approve', 'reject', 'retry', 'skip', 'fail'] as const;
export type Decision = (typeof DECISIONS)[number];

/** Why a step or a run failed. `step` names the step inside a group that failed first. */
export const failure = z.object({
  name: z.string(),
  message: z.string(),
  step: z.string().optional(),
  data: z.unknown().optional(),
});
export type Failure = z.infer<typeof failure>;

const at = z.string();
const key = z.string();
const reason = z.string().optional();
/** Where a person's request came from; for the audit log alone. */
const from = origin.optional();
/** What this execution of the step has used, where that does not follow from its kind. */
const used = usage.optional();
/** Which execution of the step, from 1; absent for the first. */
const attempt = z.int().optional();

/**
 * What happened to a run after its creation, one by one; the number of an entry is its place in the journal, from 1. `at` is ISO 8601 UTC.
 * An entry is never changed: the state of the run is the fold of all of them.
 */
export const entry = z.discriminatedUnion('type', [
  /** A driver holds the run: `id` tells deliveries of one execution apart, `invocation` is the call of the worker. */
  z.object({ type: z.literal('driver_started'), at, execution: z.int(), id: z.string(), invocation: z.string() }),
  /** Nobody holds the run any more. With `until` its execution comes back at that instant. */
  z.object({ type: z.literal('driver_left'), at, until: z.string().optional() }),
  /** The execution of that number has been asked for; what an older one still does is of no matter. */
  z.object({ type: z.literal('execution_started'), at, execution: z.int() }),

  /** A rerun has taken over what had ended in the run that it runs again. */
  z.object({ type: z.literal('steps_taken_over'), at }),

  /** Accepted, and not let in yet; with `until`, not before that. What stands in such a journal nobody drives. */
  z.object({ type: z.literal('run_queued'), at, until: z.string().optional() }),
  z.object({ type: z.literal('run_admitted'), at }),
  z.object({ type: z.literal('run_started'), at }),
  z.object({ type: z.literal('run_pausing'), at, actor, reason, from }),
  z.object({ type: z.literal('run_paused'), at }),
  z.object({ type: z.literal('run_resumed'), at, actor, reason, from }),
  /** A graceful stop: what is in flight may complete until then. */
  z.object({ type: z.literal('run_draining'), at, actor, until: z.string(), reason, from }),
  /** A stop that is immediate: nothing but the end follows. It says so first, since a large end takes several items. */
  z.object({ type: z.literal('run_stopping'), at, actor, reason, from }),
  /** The last entry of a journal. */
  z.object({
    type: z.literal('run_ended'),
    at,
    status: z.enum(['succeeded', 'failed', 'timed_out', 'cancelled']),
    outputs: stored.optional(),
    error: failure.optional(),
    actor: actor.optional(),
    reason,
  }),

  z.object({
    type: z.literal('step_started'),
    at,
    key,
    attempt,
    input: stored.optional(),
    /** The instant at which a wait is over. */
    until: z.string().optional(),
    /** The run that a `run` step starts and waits for. */
    child: z.string().optional(),
    /** The case a switch takes. */
    case: z.string().optional(),
    /** What a loop goes through. */
    items: stored.optional(),
    /** How many they are; of a `repeat`, how many rounds there are so far. */
    itemCount: z.int().optional(),
    /** Taken over from another run, in which it was open: it goes on here. */
    reused: z.string().optional(),
  }),
  /** It waits for its turn at a connection, until then at the latest. `slot`: the instant is its own, and it calls then. */
  z.object({
    type: z.literal('step_queued'),
    at,
    key,
    attempt,
    reason: z.string(),
    until: z.string(),
    ticket: z.string().optional(),
    slot: z.boolean().optional(),
  }),
  /** It is the turn of that ticket. */
  z.object({ type: z.literal('step_admitted'), at, key, attempt, ticket: z.string() }),
  /** Another round of a `repeat`, counted from 0, since its condition did not hold after the one before. */
  z.object({ type: z.literal('round_started'), at, key, attempt, round: z.int() }),
  z.object({
    type: z.literal('step_completed'),
    at,
    key,
    attempt,
    output: stored,
    usage: used,
    /** The run that it has started and does not wait for. */
    child: z.string().optional(),
    reused: z.string().optional(),
  }),
  z.object({ type: z.literal('step_skipped'), at, key, reason: z.enum(['condition', 'blocked']), reused: z.string().optional() }),
  /** Another attempt, or another try of a group, is due then. */
  z.object({
    type: z.literal('step_retrying'),
    at,
    key,
    attempt,
    error: failure,
    dueAt: z.string(),
    usage: used,
    reused: z.string().optional(),
  }),
  z.object({ type: z.literal('step_failed'), at, key, attempt, error: failure, usage: used, reused: z.string().optional() }),
  z.object({ type: z.literal('step_cancelled'), at, key, attempt, error: failure }),

  /** A person is asked: what an approval is about, or what to do with a step that has failed for good. The number of this entry names the task. */
  z.object({
    type: z.literal('task_opened'),
    at,
    key,
    attempt,
    kind: z.enum(TASK_KINDS),
    title: z.string(),
    assignees: z.array(z.string()),
    /** What else there is to know: the text and the form of an approval. */
    input: stored.optional(),
    /** The failure that is asked about. */
    error: failure.optional(),
    usage: used,
    /** When it is too late for an answer. */
    until: z.string().optional(),
    /** So long without an answer, and people are told again. */
    remindSeconds: z.number().optional(),
  }),
  z.object({
    type: z.literal('task_answered'),
    at,
    key,
    task: z.int(),
    actor,
    decision: z.enum(DECISIONS),
    comment: z.string().optional(),
    /** What comes with it: the form of an approval, other input for another try, the output of what is skipped. */
    given: stored.optional(),
    reason,
    from,
  }),
  z.object({ type: z.literal('task_expired'), at, key, task: z.int() }),

  /** A `run` step of a rerun goes on from the run that the step had started before. */
  z.object({ type: z.literal('child_resumable'), at, key, child: z.string() }),
  /** The run that a step waits for stands still, since this one pauses or drains. */
  z.object({ type: z.literal('child_halted'), at, key, child: z.string() }),
  z.object({
    type: z.literal('child_ended'),
    at,
    key,
    child: z.string(),
    status: z.enum(RUN_STATUSES),
    outputs: stored.optional(),
    error: failure.optional(),
    name: z.string(),
  }),
]);
export type Entry = z.infer<typeof entry>;
export type EntryOf<Type extends Entry['type']> = Extract<Entry, { type: Type }>;

const NOTABLE: ReadonlySet<Entry['type']> = new Set([
  'run_pausing',
  'run_resumed',
  'run_draining',
  'run_stopping',
  'task_opened',
  'task_answered',
  'task_expired',
]);

/** Whether it may matter to others than those who watch the run: people ask for something, or are asked. */
export const isNotable = ({ type }: Entry) => NOTABLE.has(type);

/** The values that entries carry. */
export const ENTRY_VALUES = ['input', 'output', 'items', 'outputs', 'given'] as const;
export type EntryValue = (typeof ENTRY_VALUES)[number];

/** Entries that tell of one execution of a step. */
const COUNTED: ReadonlySet<string> = new Set([
  'step_started',
  'step_queued',
  'step_admitted',
  'round_started',
  'step_completed',
  'step_retrying',
  'step_failed',
  'step_cancelled',
  'task_opened',
]);

/** The entry with the number of the execution that it tells of, so that its line of the log can be read without what came before. */
export function withAttempt(entry: Entry, failures: number): Entry {
  if (failures === 0 || !('key' in entry) || !COUNTED.has(entry.type)) return entry;
  return { ...entry, attempt: failures + 1 } as Entry;
}

/** A value of an entry, by its name. */
export function storedIn(entry: Entry, name: EntryValue): Stored | undefined {
  switch (entry.type) {
    case 'step_started':
      return name === 'input' ? entry.input : name === 'items' ? entry.items : undefined;
    case 'step_completed':
      return name === 'output' ? entry.output : undefined;
    case 'task_opened':
      return name === 'input' ? entry.input : undefined;
    case 'task_answered':
      return name === 'given' || (name === 'output' && entry.decision === 'skip') ? entry.given : undefined;
    case 'run_ended':
    case 'child_ended':
      return name === 'outputs' ? entry.outputs : undefined;
    default:
      return undefined;
  }
}
