import * as z from 'zod';
import { origin } from '../../kernel/acting.ts';
import { type Actor, actor } from '../../kernel/actor.ts';
import { hold } from '../../kernel/hold.ts';
import { trace } from '../../kernel/trace.ts';
import { retention } from '../../workflow/retention.ts';
import { concurrency, queued } from './concurrency.ts';
import { failure } from './entry.ts';
import { RUN_STATUSES, STAGES, TEST_MODES, TRIGGERS } from './status.ts';
import { stored } from './stored.ts';

/** How many steps of a run are in each state, as far as the lists that have been entered go. */
export const stepCounts = z.object({
  total: z.int(),
  pending: z.int(),
  running: z.int(),
  waiting: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  skipped: z.int(),
});
export type StepCounts = z.infer<typeof stepCounts>;

export const NO_STEPS: StepCounts = {
  total: 0,
  pending: 0,
  running: 0,
  waiting: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  skipped: 0,
};

/** A pause or a stop that was asked for, by whom and why. */
const asked = z.object({ actor, at: z.string(), reason: z.string().optional() });

/** What follows from the journal, as the row shows it; `seen` is the number of the last entry that it reflects. */
export const projection = z.object({
  seen: z.int(),
  status: z.enum(RUN_STATUSES),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  outputs: stored.optional(),
  error: failure.optional(),
  /** Why it was skipped or stopped. */
  reason: z.string().optional(),
  /** When it is timed out; pauses do not count. */
  deadline: z.string(),
  /** Key of the step at which it stands while nobody drives it. A short name: rows are about a kilobyte, which costs one unit. */
  at: z.string().optional(),
  /** Number of the newest execution. */
  execution: z.int(),
  steps: stepCounts,
  /** Failures that wait for somebody to say what becomes of them. */
  exceptions: z.int().optional(),
  /** It has ended, and somebody had paused it or been asked. */
  helped: z.literal(true).optional(),
  /** What its steps have cost, in thousandths of a credit, and what it has cost on AWS, in dollars, once it has ended. */
  credits: z.int().optional(),
  awsDollars: z.number().optional(),
  /** It waits to be let in. */
  queued: queued.optional(),
  pause: asked.optional(),
  stop: asked.extend({ mode: z.enum(['immediate', 'graceful']), until: z.string().optional() }).optional(),
  /** The last snapshot of the fold. */
  snapshot: z.object({ number: z.int(), ref: z.string() }).optional(),
});
export type Projection = z.infer<typeof projection>;

/** What is known of a run from its creation on. Times are ISO 8601, UTC. */
const created = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  workflowId: z.string(),
  workflowName: z.string(),
  name: z.string(),
  reference: z.string().optional(),
  stage: z.enum(STAGES),
  version: z.int().nullable(),
  trigger: z.enum(TRIGGERS),
  createdAt: z.string(),
  /** The hash of the definition that it follows. */
  definition: z.string(),
  inputs: stored,
  fileIds: z.array(z.string()).default([]),
  /** The mailbox, schedule, webhook or queue that it came by. */
  triggerId: z.string().optional(),
  actor,
  timeoutSeconds: z.number(),
  /** The run that it runs again, or the one whose step waits for it. */
  parent: z.string().optional(),
  /** Key of the parent's step that started it. */
  parentStep: z.string().optional(),
  /** How many runs stand above it. */
  depth: z.int().default(0),
  /** First run of a chain of reruns. */
  root: z.string().optional(),
  /** Its place in a chain of reruns, from 1. */
  attempt: z.int().default(1),
  /** What a rerun takes over: the driver does so before anything else. */
  rerun: z.object({ origin: z.string(), from: z.string() }).optional(),
  /** The test case that it runs, for which run of the suite. */
  test: z.object({ id: z.string(), suite: z.string(), mode: z.enum(TEST_MODES) }).optional(),
  labels: z.array(z.string()).default([]),
  /** Who has put it out of sight, and when; lists do not show it. */
  archived: z.object({ actor, at: z.string() }).optional(),
  /** Why a person has started it and where from; for the audit log alone. */
  asked: z.object({ reason: z.string().optional(), from: origin.optional() }).optional(),
  /** For how many days it is kept after its end, as it was said at its start. */
  retention: retention.optional(),
  /** The legal hold that was placed on it, and the one that its workflow is under. */
  hold: hold.optional(),
  workflowHold: hold.optional(),
  /** With how many others it may go on at once. */
  concurrency: concurrency.optional(),
  /** The trace of who started it, where that is known: its own calls go on with it. */
  trace: trace.optional(),
  /** Names of connections to use instead of those the definition names. */
  connectionOverrides: z.record(z.string(), z.string()).optional(),
});

/** One execution of a definition. */
export const run = created.extend({
  ...projection.shape,
  /** When the sweeper should look at it, while it lives. */
  dueAt: z.string().optional(),
  seen: z.int().default(0),
  execution: z.int().default(1),
  steps: stepCounts.default(NO_STEPS),
});
export type Run = z.infer<typeof run>;

/** The name of an execution. */
export const executionName = ({ id, execution }: Pick<Run, 'id' | 'execution'>) => `${id}-${execution}`;

/** A run as the actor of what it brings about. */
export const runActor = ({ id, name }: Pick<Run, 'id' | 'name'>): Actor => ({ kind: 'run', id, name });

/** The last instant that a date can hold, in milliseconds since 1970. */
const LAST_MS = 8.64e15;

/** When the run is timed out: so long after its creation; neither pauses nor the wait to be let in count. */
export const deadlineOf = (
  { createdAt, timeoutSeconds }: Pick<Run, 'createdAt' | 'timeoutSeconds'>,
  { pausedMs, queuedMs } = { pausedMs: 0, queuedMs: 0 },
): Date => new Date(Math.min(Date.parse(createdAt) + timeoutSeconds * 1000 + pausedMs + queuedMs, LAST_MS));
