import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../shared/kernel/id.ts';
import type { Run } from '../../shared/run/model/run.ts';
import { runItem } from '../../shared/run/store/run-items.dynamo.ts';
import { seenRun } from '../cost/count.ts';
import { between } from '../cost/usage.ts';
import { type Bench, nextInputs, publish } from '../harness/bench.ts';
import { writePast } from '../harness/past-emulator.ts';
import { withRunsTable } from '../harness/runs-table.ts';
import { W3 } from '../harness/workflows.ts';
import { modelOf } from '../lists/seed.ts';

export interface LostStarts {
  runs: number;
  /** From the instant at which they are due to the start of the last execution. */
  startedMs: number;
  /** To the end of the last run. */
  endedMs: number;
}

/** Time to write them all. */
const DUE_AFTER_MS = 20_000;
const LOOK_EVERY_MS = 100;

/** Runs whose row was written and whose first execution was never started: how long until the sweeper has started them all. */
export async function lostStarts(bench: Bench, runs: number): Promise<LostStarts> {
  const { client, cloud, stub } = bench;
  const inputs = Array.from({ length: runs }, () => nextInputs(bench));
  const dueMs = Date.now() + DUE_AFTER_MS;
  const lost = await withRunsTable(cloud, async (table) => {
    const { run } = await modelOf(table, await seenRun(bench, await publish(bench, W3)));
    const all = inputs.map((one) => pending(run, one, dueMs));
    await writePast(cloud.dataDir, table.name, all.map(runItem));
    return all;
  });
  if (Date.now() > dueMs) throw new Error(`Writing ${runs} runs took longer than ${DUE_AFTER_MS} ms.`);
  const before = await client.usage();
  const ended = Promise.all(inputs.map(({ n }) => stub.called(n, W3.calls)));
  while (between(before, await client.usage()).stepFunctions.executions < runs) await sleep(LOOK_EVERY_MS);
  const startedMs = Date.now() - dueMs;
  await ended;
  const endedMs = Date.now() - dueMs;
  for (const { id } of lost) await client.success(id);
  return { runs, startedMs, endedMs };
}

/** As the start wrote it. */
function pending(run: Run, inputs: object, dueMs: number): Run {
  const { startedAt: _, endedAt: __, outputs: ___, ...rest } = run;
  const { total } = run.steps;
  return {
    ...rest,
    id: newId(Date.now()),
    status: 'pending',
    seen: 0,
    createdAt: new Date().toISOString(),
    dueAt: new Date(dueMs).toISOString(),
    inputs: { json: JSON.stringify(inputs) },
    steps: { ...run.steps, succeeded: 0, pending: total },
  };
}
