import * as z from 'zod';
import { engineServices } from '../../shared/aws/services.ts';
import { background, logger } from '../../shared/observe.ts';
import { sweep } from '../../shared/run/sweep.ts';
import type { Worker } from '../../shared/run/work/scene.ts';

/** Finds the live runs whose time has come. Fails when one could not be dealt with, so that its alarm rings. */
export async function sweepRuns(_tick: unknown, worker: Worker): Promise<void> {
  const { failed, ...swept } = await sweep(worker);
  if (swept.seen > 0) logger.info('swept', swept);
  for (const { id, error } of failed) logger.error('run not swept', { run: id, error });
  if (failed.length > 0) throw new Error(`${failed.length} of ${swept.seen} runs could not be swept.`);
}

export const handler = background(z.unknown(), sweepRuns, engineServices);
