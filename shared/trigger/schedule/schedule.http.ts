import * as z from 'zod';
import { resourceId, words } from '../../edge/schema.ts';
import { parseExpression } from './expression.ts';
import { type Preview, previewOf } from './preview.ts';
import { CATCH_UPS, dstRules, FIRE_OUTCOMES, type LedgerFire, RUN_OVERLAPS, type Schedule, timingOf } from './schedule.ts';

const instant = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 time with its offset, such as 2026-03-29T09:00:00Z' })
  .transform((text) => new Date(text).toISOString());
const duration = z.string().max(20).meta({ description: 'Such as 30s, 5m, 2h or 7d' });
const time = z.iso.datetime();

const wishes = {
  name: words(100),
  expression: words(500).meta({
    description:
      'rate(5 minutes), at(2026-03-29T09:00:00), six-field AWS cron, five-field Unix cron, hourly, daily at 09:00, weekly on mon,thu at 17:30',
  }),
  timezone: words(100).meta({ description: 'Name in the IANA database' }),
  inputs: z.record(z.string(), z.unknown()),
  dst: dstRules
    .partial()
    .strict()
    .meta({ description: 'What becomes of a time that a clock change leaves out, and of one that comes twice' }),
  overlap: z.enum(RUN_OVERLAPS),
  catch_up: z.enum(CATCH_UPS),
  catch_up_window: duration,
  enabled: z.boolean(),
};

export const newSchedule = z.strictObject({
  ...wishes,
  timezone: wishes.timezone.default('UTC'),
  inputs: wishes.inputs.default({}),
  dst: wishes.dst.default({}),
  overlap: wishes.overlap.default('allow'),
  catch_up: wishes.catch_up.default('last'),
  catch_up_window: wishes.catch_up_window.default('24h'),
  enabled: wishes.enabled.default(true),
  start_at: instant.optional(),
  end_at: instant.optional(),
  jitter: duration.optional(),
  stop_after_failures: z.int().min(1).max(1000).optional(),
});

export const scheduleChange = z
  .strictObject({
    ...wishes,
    start_at: instant.nullable(),
    end_at: instant.nullable(),
    jitter: duration.nullable(),
    stop_after_failures: z.int().min(1).max(1000).nullable(),
  })
  .partial();

export const backfillRequest = z.strictObject({ from: instant, to: instant, skip_succeeded: z.boolean().default(true) });

const nextFire = z.object({
  at: time,
  local: z.string(),
  offset: z.string(),
  mark: z.enum(['shifted', 'first', 'second']).nullable().meta({ description: 'Moved over a gap, or which of two' }),
  meant: z.string().nullable().meta({ description: 'The local time it was meant for, when it was moved' }),
  clock_change: z.object({ from: z.string(), to: z.string() }).nullable().meta({ description: 'The clock changes before it' }),
});
export const nextFires = z
  .object({
    timezone: z.string(),
    items: z.array(nextFire),
    left_out: z.array(z.object({ local: z.string(), reason: z.enum(['gap', 'first', 'second']) })),
  })
  .meta({ id: 'NextFires' });

const scheduleEntry = z
  .object({
    id: resourceId,
    workflow_id: resourceId,
    project_id: z.string(),
    name: z.string(),
    expression: z.string(),
    crons: z.array(z.string()).meta({ description: 'The expression as AWS cron; it fires when one of them does' }),
    timezone: z.string(),
    inputs: z.record(z.string(), z.unknown()),
    start_at: time.nullable(),
    end_at: time.nullable(),
    dst: dstRules,
    overlap: z.enum(RUN_OVERLAPS),
    catch_up: z.enum(CATCH_UPS),
    catch_up_window: z.string(),
    jitter: z.string().nullable(),
    stop_after_failures: z.int().nullable(),
    enabled: z.boolean(),
    reason: z.string().nullable().meta({ description: 'Why it turned itself off' }),
    failures: z.int().meta({ description: 'Failures in a row' }),
    next_fire: time.nullable(),
    last_run: z.object({ run_id: resourceId, nominal: time }).nullable(),
    queued: z.int(),
    created_at: time,
    created_by: z.string(),
    updated_at: time,
  })
  .meta({ id: 'ScheduleEntry' });
export const scheduleDetail = scheduleEntry
  .extend({ next: nextFires.shape.items, left_out: nextFires.shape.left_out })
  .meta({ id: 'Schedule' });
export const scheduleEntries = z
  .object({ items: z.array(scheduleEntry), continuation_token: z.string().nullable() })
  .meta({ id: 'ScheduleList' });

const fire = z
  .object({
    nominal: time,
    local: z.string(),
    kind: z.enum(['expected', 'manual', 'backfill']),
    outcome: z.enum(FIRE_OUTCOMES),
    reason: z.string().nullable(),
    run_id: resourceId.nullable(),
    delivery_id: resourceId.nullable(),
    at: time.meta({ description: 'When it was decided' }),
    late_by: z.int().meta({ description: 'Seconds after its time' }),
    attempt: z.int(),
    count: z.int().meta({ description: 'Fires that this line stands for' }),
    through: time.nullable(),
  })
  .meta({ id: 'Fire' });
export const oneFire = fire;
export const fireEntries = z.object({ items: z.array(fire), continuation_token: z.string().nullable() }).meta({ id: 'FireList' });
export const backfilled = z
  .object({ fires: z.array(fire), left: z.array(time).meta({ description: 'Fires whose run had succeeded, or that wait' }) })
  .meta({ id: 'Backfilled' });

const NEXT_SHOWN = 5;

export const scheduleView = (of: Schedule) => {
  const expression = parseExpression(of.expression);
  return {
    id: of.id,
    workflow_id: of.workflowId,
    project_id: of.project,
    name: of.name,
    expression: of.expression,
    crons: expression.kind === 'cron' ? expression.crons.map((cron) => `cron(${cron})`) : [],
    timezone: of.timezone,
    inputs: of.inputs,
    start_at: of.startAt ?? null,
    end_at: of.endAt ?? null,
    dst: of.dst,
    overlap: of.overlap,
    catch_up: of.catchUp,
    catch_up_window: of.catchUpWindow,
    jitter: of.jitter ?? null,
    stop_after_failures: of.stopAfterFailures ?? null,
    enabled: of.enabled,
    reason: of.offReason ?? null,
    failures: of.failures,
    next_fire: of.enabled ? (of.next ?? null) : null,
    last_run: of.last ? { run_id: of.last.runId, nominal: of.last.nominal } : null,
    queued: of.queued.length,
    created_at: of.createdAt,
    created_by: of.createdBy,
    updated_at: of.updatedAt,
  };
};

export const nextView = ({ items, leftOut }: Preview) => ({
  items: items.map(({ clockChange, ...item }) => ({ ...item, clock_change: clockChange })),
  left_out: leftOut,
});

export const scheduleDetailView = (of: Schedule, now: Date) => {
  const { items, left_out } = nextView(previewOf(timingOf(of), now, NEXT_SHOWN));
  return { ...scheduleView(of), next: items, left_out };
};

export const fireView = (of: LedgerFire, local: string) => ({
  nominal: of.nominal,
  local,
  kind: of.kind,
  outcome: of.outcome,
  reason: of.reason ?? null,
  run_id: of.runId ?? null,
  delivery_id: of.deliveryId ?? null,
  at: of.at,
  late_by: of.lateBy,
  attempt: of.attempt,
  count: of.count ?? 1,
  through: of.through ?? null,
});
