import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type * as z from 'zod';
import type { Watcher } from './run/ports.ts';

export const logger = new Logger();
export const metrics = new Metrics();

/** Counts what happens to runs and steps. */
export const watcher: Watcher = {
  runStarted: () => metrics.addMetric('RunsStarted', MetricUnit.Count, 1),
  runSettled: ({ status }) => metrics.addMetric(status === 'succeeded' ? 'RunsSucceeded' : 'RunsFailed', MetricUnit.Count, 1),
  stepEnded: () => metrics.addMetric('StepsExecuted', MetricUnit.Count, 1),
  startLost: (run, error) => logger.warn('walk not started yet; the sweeper will', { run: run.id, error }),
};

/** Every function logs with a correlation id and publishes its metrics. */
export const observed = (correlationIdPath: string) => [
  injectLambdaContext(logger, { correlationIdPath, resetKeys: true }),
  logMetrics(metrics, { throwOnEmptyMetrics: false }),
];

/** A Lambda handler for what is not HTTP: parses the event, acts, lets faults through. Services are made on first use and kept. */
export function background<Event, Services>(
  schema: z.ZodType<Event>,
  act: (event: Event, services: Services) => Promise<unknown>,
  make: () => Services,
) {
  let services: Services | undefined;
  const serve = async (event: unknown): Promise<unknown> => {
    services ??= make();
    return act(schema.parse(event), services);
  };
  return middy(serve).use(observed('id'));
}
