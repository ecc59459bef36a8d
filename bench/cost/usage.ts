import type { Client, Usage } from '../harness/client.ts';

const QUIET_MS = 400;

/** The counters when they have stood still. */
export async function quiet(client: Client): Promise<Usage> {
  for (let usage = await client.usage(); ; ) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const next = await client.usage();
    if (JSON.stringify(next) === JSON.stringify(usage)) return next;
    usage = next;
  }
}

/** What was done between two readings of the counters. */
export const between = (before: Usage, after: Usage): Usage => combined(after, before, (a, b) => a - b);

export const sum = (one: Usage, other: Usage): Usage => combined(one, other, (a, b) => a + b);

/** Of so many runs what one takes. */
export const each = (usage: Usage, runs: number): Usage => combined(usage, usage, (all) => all / runs);

function combined(one: Usage, other: Usage, of: (a: number, b: number) => number): Usage {
  return {
    api: { requests: of(one.api.requests, other.api.requests) },
    lambda: {
      invocations: of(one.lambda.invocations, other.lambda.invocations),
      gbSeconds: of(one.lambda.gbSeconds, other.lambda.gbSeconds),
    },
    streams: {
      invocations: of(one.streams.invocations, other.streams.invocations),
      gbSeconds: of(one.streams.gbSeconds, other.streams.gbSeconds),
    },
    stepFunctions: {
      executions: of(one.stepFunctions.executions, other.stepFunctions.executions),
      transitions: of(one.stepFunctions.transitions, other.stepFunctions.transitions),
      expressExecutions: of(one.stepFunctions.expressExecutions, other.stepFunctions.expressExecutions),
      expressGbSeconds: of(one.stepFunctions.expressGbSeconds, other.stepFunctions.expressGbSeconds),
    },
    dynamodb: {
      requests: of(one.dynamodb.requests, other.dynamodb.requests),
      readUnits: of(one.dynamodb.readUnits, other.dynamodb.readUnits),
      writeUnits: of(one.dynamodb.writeUnits, other.dynamodb.writeUnits),
      itemWrites: of(one.dynamodb.itemWrites, other.dynamodb.itemWrites),
      writtenTo: byName(one.dynamodb.writtenTo, other.dynamodb.writtenTo, of),
    },
    s3: { puts: of(one.s3.puts, other.s3.puts), gets: of(one.s3.gets, other.s3.gets) },
    events: { scheduled: of(one.events.scheduled, other.events.scheduled) },
    secrets: { requests: of(one.secrets.requests, other.secrets.requests) },
  };
}

type ByName = Record<string, number>;

const byName = (one: ByName, other: ByName, of: (a: number, b: number) => number): ByName =>
  Object.fromEntries(
    [...new Set([...Object.keys(one), ...Object.keys(other)])].map((name) => [name, of(one[name] ?? 0, other[name] ?? 0)]),
  );
