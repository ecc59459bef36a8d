import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy, { type MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import * as z from 'zod';

export const logger = new Logger();
export const metrics = new Metrics();

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
