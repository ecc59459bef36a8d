import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { logger, metrics } from '../aws/observe.ts';
import type { Watcher } from './ports.ts';

/** Counts what happens to runs and steps. */
export const watcher: Watcher = {
  runStarted: () => metrics.addMetric('RunsStarted', MetricUnit.Count, 1),
  runEnded: ({ status }) => metrics.addMetric(status === 'succeeded' ? 'RunsSucceeded' : 'RunsFailed', MetricUnit.Count, 1),
  stepEnded: () => metrics.addMetric('StepsExecuted', MetricUnit.Count, 1),
  startLost: (run, error) => logger.warn('execution not started yet; the sweeper will start the next', { run: run.id, error }),
  placeLost: (run, error) => logger.warn('a place at a connection is free only when its time is over', { run: run.id, error }),
  driverLost: (id) => {
    metrics.addMetric('ExecutionsLost', MetricUnit.Count, 1);
    logger.warn('a driver had stopped without leaving its run', { run: id });
  },
};
