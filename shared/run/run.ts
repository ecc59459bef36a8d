import * as z from 'zod';
import { RUN_STATUSES, STAGES, TRIGGERS } from './status.ts';

/** A value as its row holds it: JSON text, or where the text lies when it is larger than an item should be. */
export const stored = z.union([z.strictObject({ json: z.string() }), z.strictObject({ ref: z.string(), bytes: z.int() })]);
export type Stored = z.infer<typeof stored>;

export const failure = z.object({ name: z.string(), message: z.string(), step: z.string().nullable() });
export type Failure = z.infer<typeof failure>;

/** What a list shows of a run: the fields that every index carries. Times are ISO 8601, UTC. */
export const runEntry = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  workflowId: z.string(),
  workflowName: z.string(),
  name: z.string(),
  reference: z.string().optional(),
  stage: z.enum(STAGES),
  version: z.int().nullable(),
  status: z.enum(RUN_STATUSES),
  trigger: z.enum(TRIGGERS),
  archived: z.boolean(),
  createdAt: z.string(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  error: failure.optional(),
  /** The run that brought it about: the one it runs again, or the one whose step waits for it. */
  parent: z.string().optional(),
  /** Its place in a chain of reruns; the first has none. */
  attempt: z.int().optional(),
});
export type RunEntry = z.infer<typeof runEntry>;

/** One execution of a definition. */
export const run = runEntry.extend({
  /** SHA-256 of the definition's text. */
  definition: z.string(),
  /** ARN of the state machine version that walks it. */
  machine: z.string(),
  inputs: stored,
  outputs: stored.optional(),
  fileIds: z.array(z.string()),
  startedBy: z.string().optional(),
  /** Number of the newest walk. */
  walk: z.int(),
  /** When it is timed out. */
  deadline: z.string(),
  /** When the sweeper should look at it again, while it lives. */
  dueAt: z.string().optional(),
  /** A stop that has been asked for and not yet settled. A graceful one lets what is in flight complete, until then. */
  stop: z
    .object({
      mode: z.enum(['immediate', 'graceful']),
      by: z.string(),
      at: z.string(),
      until: z.string().optional(),
      reason: z.string().optional(),
    })
    .optional(),
  /** A pause that has been asked for. The run is `paused` once nothing is in flight; `resume` says that it shall go on right then. */
  pause: z
    .object({
      by: z.string(),
      at: z.string(),
      reason: z.string().optional(),
      resume: z.boolean().optional(),
      resumedBy: z.string().optional(),
    })
    .optional(),
  /** When it last went on after a pause. */
  resumedAt: z.string().optional(),
  /** Key of the parent's step that started it. */
  parentStep: z.string().optional(),
  /** How many runs stand above it. */
  depth: z.int().optional(),
  /** First run of a chain of reruns. */
  root: z.string().optional(),
  /** Names of connections to use instead of those the definition names. */
  connectionOverrides: z.record(z.string(), z.string()).optional(),
  /** Why it was skipped or stopped. */
  reason: z.string().optional(),
  endedId: z.string().optional(),
});
export type Run = z.infer<typeof run>;

/** What the state machine carries as `$.run`: enough for the worker to know the definition before it reads the run. */
export const runRef = z.object({ id: z.string(), workflow: z.string(), definition: z.string(), walk: z.int() });
export type RunRef = z.infer<typeof runRef>;

/** Whether the walk that speaks is an older one, whose invocation came late: what it has to say is of no matter any more. */
export const isOutdated = (run: Pick<Run, 'walk'>, ref: RunRef) => run.walk !== ref.walk;

export const refOf = (of: Pick<Run, 'id' | 'workflowId' | 'definition' | 'walk'>): RunRef => ({
  id: of.id,
  workflow: of.workflowId,
  definition: of.definition,
  walk: of.walk,
});

/** The name of a walk: an execution name makes it happen once. */
export const walkName = (of: Pick<Run, 'id' | 'walk'>) => `${of.id}-${of.walk}`;
