import { PRICES } from '../local/usage/prices.ts';
import { type Bench, type Published, startOne } from './bench.ts';
import type { Usage } from './client.ts';

/** What one run takes of each service, by the counters of the embedded cloud. */
export interface Operations {
  apiRequests: number;
  lambdaInvocations: number;
  lambdaGbSeconds: number;
  transitions: number;
  readUnits: number;
  writeUnits: number;
  dynamodbRequests: number;
  s3Puts: number;
  s3Gets: number;
  dollarsPerMillion: number;
}

const QUIET_MS = 300;
const MILLION = 1_000_000;

/** Runs without anyone looking, so that nothing but the runs is counted. Counts again when the sweeper came by meanwhile. */
export async function operationsOf(bench: Bench, workflow: Published, runs: number): Promise<Operations> {
  const before = await quiet(bench);
  for (let n = 0; n < runs; n++) await (await startOne(bench, workflow)).done;
  const after = await quiet(bench);
  if (after.operations.events.scheduled !== before.operations.events.scheduled) return operationsOf(bench, workflow, runs);

  const perRun = (read: (usage: Usage) => number) => (read(after) - read(before)) / runs;
  return {
    apiRequests: perRun(({ operations }) => operations.api.requests),
    lambdaInvocations: perRun(({ operations }) => operations.lambda.invocations),
    lambdaGbSeconds: perRun(({ operations }) => operations.lambda.gbSeconds),
    transitions: perRun(({ operations }) => operations.stepFunctions.transitions),
    readUnits: perRun(({ operations }) => operations.dynamodb.readUnits),
    writeUnits: perRun(({ operations }) => operations.dynamodb.writeUnits),
    dynamodbRequests: perRun(({ operations }) => operations.dynamodb.requests),
    s3Puts: perRun(({ operations }) => operations.s3.puts),
    s3Gets: perRun(({ operations }) => operations.s3.gets),
    dollarsPerMillion: perRun(({ dollars }) => dollars.total) * MILLION,
  };
}

/** The counters when they have stood still. */
async function quiet({ client }: Bench): Promise<Usage> {
  for (let usage = await client.usage(); ; ) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const next = await client.usage();
    if (JSON.stringify(next) === JSON.stringify(usage)) return next;
    usage = next;
  }
}

/** Three Lambda tasks in a row that Step Functions calls itself, each as long and as large as ours are on the average. */
export function rawStepFunctions({ lambdaGbSeconds, lambdaInvocations }: Operations) {
  const tasks = 3;
  const gbSeconds = (lambdaGbSeconds / lambdaInvocations) * tasks;
  const dollars = tasks * (PRICES.stateTransition + PRICES.lambdaRequest) + gbSeconds * PRICES.lambdaGbSecond;
  return { transitions: tasks, lambdaInvocations: tasks, lambdaGbSeconds: gbSeconds, dollarsPerMillion: dollars * MILLION };
}
