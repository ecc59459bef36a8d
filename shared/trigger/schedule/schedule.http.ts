import * as z from 'zod';
import { actor, count, listQuery, page, resourceId, words } from '../../edge/schema.ts';
import { camelCased, viewOf } from '../../edge/snake-case.ts';
import { parseExpression } from './expression.ts';
import { leftOutTime, type Preview, previewOf, readableFire } from './preview.ts';
import { CATCH_UPS, dstRules, FIRE_OUTCOMES, type LedgerFire, RUN_OVERLAPS, type Schedule, timingOf } from './schedule.ts';
import type { Ahead, clockChanges, Upcoming } from './upcoming.ts';
import { dueTime } from './when.ts';
import { knownZone, offsetText } from './zone.ts';

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
  dst: camelCased(
    dstRules
      .partial()
      .strict()
      .meta({ description: 'What becomes of a time that a clock change leaves out, and of one that comes twice' }),
  ),
  overlap: z.enum(RUN_OVERLAPS),
  catch_up: z.enum(CATCH_UPS),
  catch_up_window: duration,
  enabled: z.boolean(),
};

export const newSchedule = camelCased(
  z.strictObject({
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
  }),
);

export const scheduleChange = camelCased(
  z
    .strictObject({
      ...wishes,
      start_at: instant.nullable(),
      end_at: instant.nullable(),
      jitter: duration.nullable(),
      stop_after_failures: z.int().min(1).max(1000).nullable(),
    })
    .partial(),
);

export const backfillRequest = camelCased(
  z.strictObject({ from: instant, to: instant, skip_succeeded: z.boolean().default(true) }),
);

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

export const upcomingQuery = z.strictObject({
  from: instant.optional().meta({ description: 'Now unless given, and not before' }),
  to: instant.optional().meta({ description: 'A week after `from` unless given, 31 days at most' }),
  project_id: resourceId.optional(),
  workflow_id: resourceId.optional(),
  limit: count(1_000).default(100),
  continuation_token: listQuery(1).continuation_token,
});

const upcomingFire = z
  .object({
    schedule_id: resourceId,
    schedule_name: z.string(),
    workflow_id: resourceId,
    workflow_name: z.string(),
    workflow_enabled: z.boolean().meta({ description: 'Fires of a workflow that is turned off are skipped' }),
    project_id: z.string(),
    timezone: z.string(),
    ...nextFire.omit({ clock_change: true }).shape,
    due_at: time.meta({ description: 'When it comes, with its jitter' }),
  })
  .meta({ id: 'UpcomingFire' });
export const upcomingFires = z
  .object({
    from: time,
    to: time,
    items: z.array(upcomingFire),
    left_out: nextFires.shape.left_out.element
      .extend({ schedule_id: resourceId })
      .array()
      .meta({ description: 'Times among them that clock changes leave out' }),
    clock_changes: z
      .array(z.object({ timezone: z.string(), at: time, from: z.string(), to: z.string() }))
      .meta({ description: 'When the clocks of these schedules change in the window' }),
    truncated: z.boolean().meta({ description: 'There are more than 1,000 schedules: these are fires of the newest. Narrow it' }),
    continuation_token: z.string().nullable(),
  })
  .meta({ id: 'UpcomingFires' });

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
    created_by: actor,
    updated_at: time,
  })
  .meta({ id: 'ScheduleEntry' });
export const scheduleDetail = scheduleEntry
  .extend({ next: nextFires.shape.items, left_out: nextFires.shape.left_out })
  .meta({ id: 'Schedule' });
export const scheduleEntries = page(scheduleEntry).meta({ id: 'ScheduleList' });

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
export const fireEntries = page(fire).meta({ id: 'FireList' });
export const backfilled = z
  .object({ fires: z.array(fire), left: z.array(time).meta({ description: 'Fires whose run had succeeded, or that wait' }) })
  .meta({ id: 'Backfilled' });

const NEXT_SHOWN = 5;

const shown = (row: Schedule) => {
  const expression = parseExpression(row.expression);
  return {
    ...row,
    projectId: row.project,
    crons: expression.kind === 'cron' ? expression.crons.map((cron) => `cron(${cron})`) : [],
    reason: row.offReason,
    nextFire: row.enabled ? row.next : undefined,
    lastRun: row.last,
    queued: row.queued.length,
  };
};

export const scheduleView = (row: Schedule) => viewOf(scheduleEntry, shown(row));

export const nextView = (timezone: string, preview: Preview) => viewOf(nextFires, { timezone, ...preview });

export const scheduleDetailView = (row: Schedule, now: Date) => {
  const { items, leftOut } = previewOf(timingOf(row), now, NEXT_SHOWN);
  return viewOf(scheduleDetail, { ...shown(row), next: items, leftOut });
};

export const fireView = (row: LedgerFire, local: string) => viewOf(fire, { ...row, local, count: row.count ?? 1 });

interface UpcomingPage {
  ahead: Ahead;
  fires: Upcoming[];
  changes: ReturnType<typeof clockChanges>;
  workflows: Map<string, { name: string; enabled: boolean }>;
  isAll: boolean;
  next: string | undefined;
}

export function upcomingView({ ahead, fires, changes, workflows, isAll, next }: UpcomingPage): z.input<typeof upcomingFires> {
  const shownFires = fires.flatMap((one) => {
    const workflow = workflows.get(one.schedule.workflowId);
    return one.fire.leftOut || !workflow ? [] : [viewOf(upcomingFire, { ...ofSchedule(one, workflow), ...dueFire(one) })];
  });
  return {
    from: new Date(ahead.from).toISOString(),
    to: new Date(ahead.to).toISOString(),
    items: shownFires,
    left_out: fires
      .filter(({ fire, schedule }) => fire.leftOut && workflows.has(schedule.workflowId))
      .map(({ fire, schedule }) => ({ ...leftOutTime(fire), schedule_id: schedule.id })),
    clock_changes: changes.map(({ timezone, at, before, after }) => ({
      timezone,
      at: new Date(at).toISOString(),
      from: offsetText(before),
      to: offsetText(after),
    })),
    truncated: !isAll,
    continuation_token: next ?? null,
  };
}

const ofSchedule = ({ schedule }: Upcoming, workflow: { name: string; enabled: boolean }) => ({
  scheduleId: schedule.id,
  scheduleName: schedule.name,
  workflowId: schedule.workflowId,
  workflowName: workflow.name,
  workflowEnabled: workflow.enabled,
  projectId: schedule.project,
  timezone: schedule.timezone,
});

const dueFire = ({ schedule, fire }: Upcoming) => ({
  ...readableFire(knownZone(schedule.timezone), fire),
  dueAt: new Date(dueTime(schedule, fire.at)).toISOString(),
});
