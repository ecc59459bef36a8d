import { type Bench, nextInputs, type Published, startOne } from '../harness/bench.ts';
import type { Usage } from '../harness/client.ts';
import { withRunsTable } from '../harness/runs-table.ts';
import { type Logs, printed } from './logs.ts';
import { type Storage, storageOf } from './storage.ts';
import { between, quiet } from './usage.ts';

/** What some runs took together, and what one of them left behind. */
export interface Counted {
  runs: number;
  usage: Usage;
  /** What functions printed. */
  printed: Logs;
  storage: Storage;
}

/** Functions print what they print on AWS. */
export const AS_ON_AWS = { LOG_LEVEL: 'INFO', POWERTOOLS_METRICS_DISABLED: 'false' };

/** Starts a run and waits until it has all but ended. Answers its id. */
export type OneRun = (bench: Bench, workflow: Published) => Promise<string>;

export const unseenRun: OneRun = async (bench, workflow) => {
  const { runId, done } = await startOne(bench, workflow);
  await done;
  return runId;
};

export const seenRun: OneRun = async (bench, { id }) => (await bench.client.startAndSee(id, nextInputs(bench))).id;

/** Longer than a driver takes to write that it waits for somebody. */
const ASKED_MS = 500;

/** Who waits for a person is answered by one who looks at the open task first. */
export const answeredRun: OneRun = async (bench, workflow) => {
  const inputs = nextInputs(bench);
  const runId = await bench.client.start(workflow.id, inputs);
  await bench.stub.called(inputs.n, workflow.calls - 1);
  await new Promise((resolve) => setTimeout(resolve, ASKED_MS));
  await bench.client.approve(runId);
  await bench.stub.called(inputs.n, 1);
  return runId;
};

/** Runs one after another, so that what one takes is not what it takes to wait for others. */
export async function countRuns(bench: Bench, workflow: Published, runs: number, run: OneRun): Promise<Counted> {
  const { client, cloud } = bench;
  // What never changes has been read before.
  await run(bench, workflow);
  return undisturbed(async () => {
    const before = await quiet(client);
    const from = cloud.output().length;
    const ids: string[] = [];
    for (let n = 0; n < runs; n++) ids.push(await run(bench, workflow));
    const usage = between(before, await quiet(client));
    return { runs, usage, printed: printed(cloud.output().slice(from)), storage: await left(bench, ids.at(-1) ?? '') };
  });
}

/** What a run has left in the table, with those that it has brought about. */
export async function left({ client, cloud }: Pick<Bench, 'client' | 'cloud'>, runId: string): Promise<Storage> {
  const { children } = await client.end(runId);
  return withRunsTable(cloud, async (table) => {
    const all = await Promise.all([runId, ...children.map(({ id }) => id)].map((id) => storageOf(table, id)));
    const of = (read: (storage: Storage) => number) => all.reduce((sum, storage) => sum + read(storage), 0);
    return {
      bytes: of(({ bytes }) => bytes),
      tableByteMonths: of(({ tableByteMonths }) => tableByteMonths),
      indexByteMonths: of(({ indexByteMonths }) => indexByteMonths),
    };
  });
}

const MOST_TRIES = 5;

/** Counts again when the sweeper came by meanwhile. */
export async function undisturbed(count: () => Promise<Counted>): Promise<Counted> {
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const counted = await count();
    if (counted.usage.events.scheduled === 0) return counted;
  }
  throw new Error('This machine is so busy that no count fits between two sweeps.');
}
