import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { logger, metrics } from '../aws/observe.ts';
import type { Watcher } from './ports.ts';

/** Tells of what goes wrong with runs. */
export const watcher: Watcher = {
  startLost: (run, error) => logger.warn('execution not started yet; the sweeper will start the next', { run: run.id, error }),
  placeLost: (run, error) => logger.warn('a place at a connection is free only when its time is over', { run: run.id, error }),
  driverLost: (id) => {
    metrics.addMetric('ExecutionsLost', MetricUnit.Count, 1);
    logger.warn('a driver had stopped without leaving its run', { run: id });
  },
};
