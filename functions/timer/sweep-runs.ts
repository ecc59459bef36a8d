import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import { background, logger } from '../../shared/aws/observe.ts';
import type { EngineServices } from '../../shared/run/ports.ts';
import { sweep } from '../../shared/run/sweep/sweep.ts';
import { engineServices } from '../adapters.ts';

/** Nearly the minute between two looks: where many runs were lost, each second of rest is one more until all are found. */
const WITHIN_MS = 54_000;

const metrics = new Metrics();

/** Looks after the live runs whose time has come. One that cannot be dealt with comes again; its age is what the alarm looks at. */
export async function sweepRuns(_tick: unknown, services: EngineServices): Promise<void> {
  const { failed, ...swept } = await sweep(services, new Date(services.now().getTime() + WITHIN_MS));
  metrics.addMetric('OldestDueSeconds', MetricUnit.Seconds, Math.round(swept.oldestMs / 1000));
  metrics.publishStoredMetrics();
  if (swept.seen > 0) logger.info('swept', swept);
  for (const { id, error } of failed) logger.error('run not swept', { run: id, error });
}

export const handler = background(z.unknown(), sweepRuns, engineServices);
