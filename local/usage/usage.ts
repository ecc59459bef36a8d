import { PRICES } from '../../shared/kernel/aws-prices.ts';

/** What the embedded cloud has done since it started. Every counter only grows: a benchmark reads it twice and subtracts. */
export interface Usage {
  api: { requests: number };
  lambda: { invocations: number; gbSeconds: number };
  /** Calls for records of streams, counted apart: Lambda looks less often, and tells more at once. Reading streams for functions is free. */
  streams: { invocations: number; gbSeconds: number };
  /** `executions` of both kinds; transitions are those of Standard ones. */
  stepFunctions: { executions: number; transitions: number; expressExecutions: number; expressGbSeconds: number };
  /** `writtenTo`: the write units of each table among them, by its name. */
  dynamodb: { requests: number; readUnits: number; writeUnits: number; itemWrites: number; writtenTo: Record<string, number> };
  s3: { puts: number; gets: number };
  events: { scheduled: number };
  secrets: { requests: number };
}

export function noUsage(): Usage {
  return {
    api: { requests: 0 },
    lambda: { invocations: 0, gbSeconds: 0 },
    streams: { invocations: 0, gbSeconds: 0 },
    stepFunctions: { executions: 0, transitions: 0, expressExecutions: 0, expressGbSeconds: 0 },
    dynamodb: { requests: 0, readUnits: 0, writeUnits: 0, itemWrites: 0, writtenTo: {} },
    s3: { puts: 0, gets: 0 },
    events: { scheduled: 0 },
    secrets: { requests: 0 },
  };
}

/** The operations and what they would have cost on AWS, in dollars. */
export function priced(usage: Usage) {
  const cost = {
    api: usage.api.requests * PRICES.apiRequest,
    lambda: usage.lambda.invocations * PRICES.lambdaRequest + usage.lambda.gbSeconds * PRICES.lambdaGbSecond,
    streams: usage.streams.invocations * PRICES.lambdaRequest + usage.streams.gbSeconds * PRICES.lambdaGbSecond,
    stepFunctions:
      usage.stepFunctions.transitions * PRICES.stateTransition +
      usage.stepFunctions.expressExecutions * PRICES.expressRequest +
      usage.stepFunctions.expressGbSeconds * PRICES.expressGbSecond,
    dynamodb: usage.dynamodb.readUnits * PRICES.readUnit + usage.dynamodb.writeUnits * PRICES.writeUnit,
    s3: usage.s3.puts * PRICES.s3Put + usage.s3.gets * PRICES.s3Get,
    events: usage.events.scheduled * PRICES.schedulerInvocation,
    secrets: usage.secrets.requests * PRICES.secretsRequest,
  };
  const total = Object.values(cost).reduce((sum, dollars) => sum + dollars, 0);
  return { operations: usage, dollars: { ...cost, total }, prices: { region: PRICES.region, asOf: PRICES.asOf } };
}
