import * as z from 'zod';
import { event } from './event.ts';
import { stored } from './run.ts';

export const STEP_STATUSES = ['pending', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'skipped'] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

const stepFailure = z.object({
  name: z.string(),
  message: z.string(),
  step: z.string().optional(),
  data: z.unknown().optional(),
});

/** A step of a run as far as it has come: its checkpoint. */
export const stepRow = z.object({
  /** scope + id */
  key: z.string(),
  id: z.string(),
  scope: z.string(),
  status: z.enum(STEP_STATUSES),
  reason: z.enum(['condition', 'blocked']).optional(),
  /** Executions that failed. A row that is `pending` stands between two attempts. */
  failures: z.int(),
  /** Tries of a group with `retry`; the scope of its steps names it. */
  tries: z.int().optional(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  input: stored.optional(),
  output: stored.optional(),
  error: stepFailure.optional(),
  /** Which of its catchers took the failure. */
  handler: z.int().optional(),
  /** The case a switch took. */
  case: z.string().optional(),
  /** The items a loop walks. */
  items: stored.optional(),
  itemCount: z.int().optional(),
  /** While a leaf is `running`: when its worker can no longer be alive. */
  heldUntil: z.string().optional(),
  /** The run it started and waits for, and the token that lets the walk go on. */
  child: z.string().optional(),
  token: z.string().optional(),
  /** The run that it started in the run that is run again: it goes on from there. */
  resumes: z.string().optional(),
  /** The run that executed it: this one only took over what had ended there. */
  reused: z.string().optional(),
  /** The instant a wait is over. */
  until: z.string().optional(),
  /** Place in the log; with it go the lines. */
  logId: z.string().optional(),
  events: z.array(event).optional(),
});
export type StepRow = z.infer<typeof stepRow>;

const ENDED: ReadonlySet<StepStatus> = new Set(['succeeded', 'failed', 'cancelled', 'skipped']);

/** No later writer changes such a row, but a failure may still be taken by a catcher. */
export const hasEnded = (row: StepRow) => ENDED.has(row.status);

/** Ended without a failure, in a way that lets what comes after it start. */
export const isPassed = (row: StepRow) => row.status === 'succeeded' || (row.status === 'skipped' && row.reason === 'condition');
