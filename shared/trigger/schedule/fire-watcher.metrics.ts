import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { logger, metrics } from '../../aws/observe.ts';
import type { FireWatcher } from './ports.ts';

/** Counts fires of schedules that went wrong. */
export const fireWatcher: FireWatcher = {
  overdue(id, count) {
    metrics.addMetric('FiresOverdue', MetricUnit.Count, count);
    logger.warn('expected fires had not happened', { schedule: id, count });
  },
  missed(id, count) {
    metrics.addMetric('FiresMissed', MetricUnit.Count, count);
    logger.warn('fires were missed', { schedule: id, count });
  },
  turnedOff: (id, reason) => logger.warn('schedule turned off', { schedule: id, reason }),
  timerLost: (id, error) =>
    logger.warn('the one-off schedule of the next fire was not set; the reconciler will look', { schedule: id, error }),
};
