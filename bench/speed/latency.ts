import { type Bench, nextInputs, type Published, startOne } from '../harness/bench.ts';
import { type Spread, spreadOf } from '../harness/statistics.ts';

export interface Latency {
  /** Until the answer that shows the run succeeded, of callers who wait for it in the start call. */
  seen: Spread;
  /** Until the time that the run itself says it ended at, of runs that nobody looks at meanwhile. */
  ended: Spread;
}

/** From the start call being sent, one run after another. */
export async function latency(bench: Bench, workflow: Published, runs: number): Promise<Latency> {
  const seen: number[] = [];
  const ended: number[] = [];
  for (let n = 0; n < runs; n++) seen.push(await untilSeen(bench, workflow));
  for (let n = 0; n < runs; n++) ended.push(await untilEnded(bench, workflow));
  return { seen: spreadOf(seen), ended: spreadOf(ended) };
}

async function untilSeen(bench: Bench, { id }: Published): Promise<number> {
  const sentAt = performance.now();
  await bench.client.startAndSee(id, nextInputs(bench));
  return performance.now() - sentAt;
}

async function untilEnded(bench: Bench, workflow: Published): Promise<number> {
  const sentAt = performance.timeOrigin + performance.now();
  const { runId, done } = await startOne(bench, workflow);
  await done;
  const { ended_at } = await bench.client.success(runId);
  return Date.parse(ended_at ?? '') - sentAt;
}
