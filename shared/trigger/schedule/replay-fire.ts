import { notFound } from '../../problem.ts';
import type { Started } from '../../run/start/start-run.ts';
import type { Receipt } from '../receipt.ts';
import type { Timekeeper } from './ports.ts';
import { startOnce, startRequestOf } from './start-fire.ts';

/** Starts a fire that was turned away, once its cause was mended, and notes it in the ledger. */
export async function replayFire(services: Timekeeper, receipt: Receipt): Promise<Started> {
  const schedule = await services.schedules.get(receipt.doorId);
  if (!schedule || schedule.deletedAt) throw notFound('schedule', receipt.doorId);
  const started = await startOnce(services, startRequestOf(schedule, receipt.key));
  const fire =
    (await services.schedules.fire(schedule.id, receipt.source, receipt.id)) ??
    (await services.schedules.fire(schedule.id, receipt.source));
  if (fire?.receiptId === receipt.id) {
    const { reason: _, ...line } = fire;
    const skipped = started.run.status === 'skipped';
    const outcome = skipped ? ({ outcome: 'skipped', reason: 'condition' } as const) : ({ outcome: 'started' } as const);
    await services.schedules.amend(fire, { ...line, ...outcome, runId: started.run.id });
  }
  return started;
}
