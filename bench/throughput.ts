import { type Bench, type Published, startOne } from './bench.ts';
import { processTree } from './process-tree.ts';

export interface Throughput {
  runs: number;
  callers: number;
  succeeded: number;
  runsPerSecond: number;
  cpuMsPerRun: number;
}

const SETTLED_WITHIN_MS = 30_000;

/**
 * Callers that each start a run and, when the stub has had its last call, the next. The clock runs from the first start call to the `ended_at` of
 * the last run to end. Then every run is read back: one that did not succeed is an error, not a slower figure.
 */
export async function throughput(
  bench: Bench,
  workflow: Published,
  { runs, callers }: { runs: number; callers: number },
): Promise<Throughput> {
  const before = processTree(bench.cloud.pid);
  const startedAt = Date.now();
  const ids: string[] = [];
  let left = runs;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      const { runId, done } = await startOne(bench, workflow);
      ids.push(runId);
      await done;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  await settled(bench, ids.at(-1) ?? '');
  const after = processTree(bench.cloud.pid);

  const ends: number[] = [];
  for (const id of ids) ends.push(Date.parse(await endOf(bench, id)));
  if (new Set(ids).size !== runs) throw new Error(`${runs} runs were started and ${new Set(ids).size} are known`);
  const seconds = (Math.max(...ends) - startedAt) / 1000;
  return {
    runs,
    callers,
    succeeded: ends.length,
    runsPerSecond: runs / seconds,
    cpuMsPerRun: (after.cpuMs - before.cpuMs) / runs,
  };
}

async function settled({ client }: Bench, id: string): Promise<void> {
  const until = Date.now() + SETTLED_WITHIN_MS;
  while (!(await client.hasSucceeded(id))) {
    if (Date.now() > until) throw new Error(`Run ${id} has not been settled within ${SETTLED_WITHIN_MS / 1000} s`);
  }
}

async function endOf(bench: Bench, id: string): Promise<string> {
  await settled(bench, id);
  return (await bench.client.run(id)).ended_at ?? '';
}
