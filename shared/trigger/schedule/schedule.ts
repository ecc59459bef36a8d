import * as z from 'zod';
import { GAP_RULES, OVERLAP_RULES, type Timing } from './fires.ts';

/** What becomes of a fire while the run of the one before still lives. */
export const RUN_OVERLAPS = ['allow', 'skip', 'queue', 'stop_previous'] as const;
/** What is made up for of fires that did not happen in time. */
export const CATCH_UPS = ['none', 'last', 'all'] as const;

export const dstRules = z.object({ gap: z.enum(GAP_RULES), overlap: z.enum(OVERLAP_RULES) });

/** A run of the schedule, and the nominal time it was started for. */
const startedRun = z.object({ nominal: z.string(), runId: z.string() });

/** What an owner says of a schedule, all defaults filled in. Durations as `24h`. */
export const scheduleWishes = z.object({
  name: z.string(),
  expression: z.string(),
  timezone: z.string(),
  inputs: z.record(z.string(), z.unknown()),
  startAt: z.string().optional(),
  endAt: z.string().optional(),
  dst: dstRules,
  overlap: z.enum(RUN_OVERLAPS),
  catchUp: z.enum(CATCH_UPS),
  catchUpWindow: z.string(),
  jitter: z.string().optional(),
  stopAfterFailures: z.int().optional(),
  enabled: z.boolean(),
});
export type ScheduleWishes = z.infer<typeof scheduleWishes>;

/** One schedule of a workflow. */
export const schedule = scheduleWishes.extend({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  workflowId: z.string(),
  createdAt: z.string(),
  createdBy: z.string(),
  updatedAt: z.string(),
  deletedAt: z.string().optional(),
  /** What a rate counts from. */
  anchor: z.string(),
  /** Counts the writes of the row: a writer that saw an older one is refused. */
  revision: z.int(),
  /** The first expected fire of which the ledger does not know yet what became of it. */
  next: z.string().optional(),
  /** When the reconciler should look. */
  dueAt: z.string().optional(),
  last: startedRun.optional(),
  /** Fires that wait for the run before them to end, oldest first. */
  queued: z.array(z.string()),
  /** Runs whose end has not been seen yet, oldest first; kept when failures are counted. */
  open: z.array(startedRun),
  /** Failures in a row. */
  failures: z.int(),
  /** Why it was turned off, when nobody did. */
  offReason: z.string().optional(),
});
export type Schedule = z.infer<typeof schedule>;

export const timingOf = ({ expression, timezone, dst, anchor, startAt, endAt }: Schedule): Timing => ({
  expression,
  timezone,
  dst,
  anchor,
  startAt,
  endAt,
});

export const FIRE_OUTCOMES = ['starting', 'queued', 'started', 'skipped', 'missed', 'rejected'] as const;
export type FireOutcome = (typeof FIRE_OUTCOMES)[number];

/** A line of the ledger: what became of one expected fire. */
export const ledgerFire = z.object({
  scheduleId: z.string(),
  workspace: z.string(),
  nominal: z.string(),
  /** Tells lines of one moment apart that were asked for by hand: the run, or the delivery where there is none. */
  trigger: z.string().optional(),
  /** Expected by the expression, or asked for by a person. */
  kind: z.enum(['expected', 'manual', 'backfill']),
  outcome: z.enum(FIRE_OUTCOMES),
  /** Of a skipped fire `overlap`, `queue_full`, `disabled`, `workflow_disabled` or `condition`; of a rejected one the words of the refusal. */
  reason: z.string().optional(),
  runId: z.string().optional(),
  deliveryId: z.string().optional(),
  /** When it was decided. */
  at: z.string(),
  /** Seconds after its time. */
  lateBy: z.int(),
  /** How often a run was asked for; a backfill may ask again. */
  attempt: z.int(),
  /** A line for so many missed fires, up to `through`. */
  count: z.int().optional(),
  through: z.string().optional(),
});
export type LedgerFire = z.infer<typeof ledgerFire>;
