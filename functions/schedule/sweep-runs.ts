import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { engineServices } from '../../shared/aws/services.ts';
import { sweep } from '../../shared/run/sweep.ts';

const logger = new Logger();
let worker: ReturnType<typeof engineServices> | undefined;

/** Finds the live runs whose time has come. Fails when one could not be dealt with, so that its alarm rings. */
export async function handler(_event: unknown, context: Context): Promise<void> {
  logger.addContext(context);
  worker ??= engineServices();
  const { failed, ...swept } = await sweep(worker);
  if (swept.seen > 0) logger.info('swept', swept);
  for (const { id, error } of failed) logger.error('run not swept', { run: id, error });
  if (failed.length > 0) throw new Error(`${failed.length} of ${swept.seen} runs could not be swept.`);
}
