import { type Bench, nextInputs, type Published, startOne } from '../harness/bench.ts';
import { processTree } from '../harness/process-tree.ts';

export interface Throughput {
  runsPerSecond: number;
  /** Of all processes but the callers and the stub. */
  cpuMsPerRun: number;
}

export interface Load {
  runs: number;
  callers: number;
}

/** Callers that each start a run, see it succeed in the answer of the same call, and start the next. From the first call to the last answer. */
export async function seen(bench: Bench, { id }: Published, load: Load, onEnd: () => void = () => {}): Promise<Throughput> {
  return measured(bench, load, async () => {
    await byCallers(load, async () => {
      await bench.client.startAndSee(id, nextInputs(bench));
      onEnd();
    });
    return Date.now();
  });
}

/**
 * Callers that never look: each starts the next run when the stub has had the last call of the one before. To the `ended_at` of the last run to end.
 * Then every run is read back: one that did not succeed is an error, not a slower figure.
 */
export async function unseen(bench: Bench, workflow: Published, load: Load): Promise<Throughput> {
  const ids: string[] = [];
  const { cpuMsPerRun, runsPerSecond } = await measured(bench, load, async () => {
    await byCallers(load, async () => {
      const { runId, done } = await startOne(bench, workflow);
      ids.push(runId);
      await done;
    });
    return Date.parse((await bench.client.success(ids.at(-1) ?? '')).ended_at ?? '');
  });
  for (const id of ids) await bench.client.success(id);
  if (new Set(ids).size !== load.runs) throw new Error(`${load.runs} runs were started and ${new Set(ids).size} are known`);
  return { cpuMsPerRun, runsPerSecond };
}

async function measured({ cloud }: Bench, { runs }: Load, act: () => Promise<number>): Promise<Throughput> {
  const before = processTree(cloud.pid);
  const startedAt = Date.now();
  const endedAt = await act();
  const after = processTree(cloud.pid);
  return { runsPerSecond: (runs / (endedAt - startedAt)) * 1000, cpuMsPerRun: (after.cpuMs - before.cpuMs) / runs };
}

async function byCallers({ runs, callers }: Load, call: () => Promise<void>): Promise<void> {
  let left = runs;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}
