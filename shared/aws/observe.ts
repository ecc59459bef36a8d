import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import middy, { type MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import type { Watcher } from '../run/ports.ts';
import type { FireWatcher } from '../trigger/schedule/ports.ts';

export const logger = new Logger();
const metrics = new Metrics();

/** Counts what happens to runs and steps. */
export const watcher: Watcher = {
  runStarted: () => metrics.addMetric('RunsStarted', MetricUnit.Count, 1),
  runEnded: ({ status }) => metrics.addMetric(status === 'succeeded' ? 'RunsSucceeded' : 'RunsFailed', MetricUnit.Count, 1),
  stepEnded: () => metrics.addMetric('StepsExecuted', MetricUnit.Count, 1),
  startLost: (run, error) => logger.warn('execution not started yet; the sweeper will start the next', { run: run.id, error }),
  driverLost: (id) => {
    metrics.addMetric('ExecutionsLost', MetricUnit.Count, 1);
    logger.warn('a driver had stopped without leaving its run', { run: id });
  },
};

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
  timerLost: (id, error) => logger.warn('alarm clock not set; the reconciler will look', { schedule: id, error }),
};

const requestId = z.object({ requestContext: z.object({ requestId: z.string() }) });

/** Every function logs with a correlation id, the request's where there is one, and publishes what it counted. */
export const observed = (): MiddlewareObj => ({
  before: ({ event, context }) => {
    logger.resetKeys();
    logger.addContext(context);
    logger.setCorrelationId(requestId.safeParse(event).data?.requestContext.requestId ?? context.awsRequestId);
  },
  after: publish,
  onError: publish,
});

function publish(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}

/** A Lambda handler for what is not HTTP: parses the event, acts, lets faults through. Services are made on first use and kept. */
export function background<Event, Services>(
  schema: z.ZodType<Event>,
  act: (event: Event, services: Services, context: Context) => Promise<unknown>,
  make: () => Services,
) {
  let services: Services | undefined;
  const serve = async (event: unknown, context: Context): Promise<unknown> => {
    services ??= make();
    return act(schema.parse(event), services, context);
  };
  return middy(serve).use(observed());
}
