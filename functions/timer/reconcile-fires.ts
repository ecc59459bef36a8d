import * as z from 'zod';
import { background, logger } from '../../shared/aws/observe.ts';
import type { ScheduleServices } from '../../shared/trigger/schedule/ports.ts';
import { reconcile } from '../../shared/trigger/schedule/reconcile.ts';
import { scheduleServices } from '../adapters.ts';

/** Finds expected fires that did not happen. Fails when one could not be dealt with, so that its alarm goes off. */
export async function reconcileFires(_tick: unknown, services: ScheduleServices): Promise<void> {
  const { seen, failed } = await reconcile(services);
  for (const { id, error } of failed) logger.error('schedule not reconciled', { schedule: id, error });
  if (failed.length > 0) throw new Error(`${failed.length} of ${seen} schedules could not be reconciled.`);
}

export const handler = background(z.unknown(), reconcileFires, scheduleServices);
