import { notFound } from '../../kernel/problem.ts';
import type { Started } from '../../run/start/start-run.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { ScheduleServices } from './ports.ts';
import { startOnce, startRequestOf } from './start-fire.ts';

/** Starts a fire that was turned away, once its cause was mended, and notes it in the ledger. */
export async function redeliverFire(services: ScheduleServices, delivery: Delivery): Promise<Started> {
  const schedule = await services.schedules.get(delivery.triggerId);
  if (!schedule || schedule.deletedAt) throw notFound('schedule', delivery.triggerId);
  const started = await startOnce(services, startRequestOf(schedule, delivery.key));
  const fire =
    (await services.schedules.fire(schedule.id, delivery.source, delivery.id)) ??
    (await services.schedules.fire(schedule.id, delivery.source));
  if (fire?.deliveryId === delivery.id) {
    const { reason: _, ...line } = fire;
    const skipped = started.run.status === 'skipped';
    const outcome = skipped ? ({ outcome: 'skipped', reason: 'condition' } as const) : ({ outcome: 'started' } as const);
    await services.schedules.amend(fire, { ...line, ...outcome, runId: started.run.id });
  }
  return started;
}
