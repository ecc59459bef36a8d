import type { SubscribedEvent } from '../../subscription/subscription.ts';
import type { LedgerFire, Schedule } from './schedule.ts';

/** What the line of an expected fire tells: that it was missed, or could not start its run. */
export function eventOfFire(schedule: Schedule, fire: LedgerFire): SubscribedEvent | undefined {
  const { kind, outcome, nominal, at } = fire;
  if (kind !== 'expected' || (outcome !== 'missed' && outcome !== 'rejected')) return undefined;
  const told = {
    at: nominal,
    late_by: fire.lateBy,
    delivery_id: fire.deliveryId ?? null,
    ...(fire.count !== undefined && { count: fire.count, through: fire.through ?? null }),
  };
  return eventOf(schedule, {
    id: `${schedule.id}/${nominal}/${outcome}`,
    type: `schedule.${outcome}`,
    at,
    data: { fire: told, reason: fire.reason ?? null },
  });
}

/** What is told when it is turned off, by a person or by itself, or on again. */
export function eventOfTurn(before: Schedule, after: Schedule, now: Date): SubscribedEvent | undefined {
  if (before.enabled === after.enabled || after.deletedAt !== undefined) return undefined;
  const type = after.enabled ? 'schedule.resumed' : 'schedule.paused';
  return eventOf(after, {
    id: `${after.id}/${before.revision}/${type}`,
    type,
    at: now.toISOString(),
    data: { reason: after.offReason ?? null },
  });
}

function eventOf(
  { id, name, workspace, project, workflowId, expression, timezone }: Schedule,
  { data, ...event }: Pick<SubscribedEvent, 'id' | 'type' | 'at' | 'data'>,
): SubscribedEvent {
  const schedule = { id, name, workflow_id: workflowId, project_id: project, expression, timezone };
  return { ...event, workspace, project, workflowId, trigger: 'schedule', data: { schedule, ...data } };
}
