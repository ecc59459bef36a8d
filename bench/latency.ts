import { type Bench, type Published, startOne } from './bench.ts';
import { type Spread, spreadOf } from './statistics.ts';

export interface Latency {
  /** Until the first answer of `GET /v2/runs/{id}` that shows the run succeeded. */
  seen: Spread;
  /** Until the time that the run itself says it ended at. */
  ended: Spread;
}

const WARM_UP_RUNS = 50;

/**
 * From the start call being sent, one run after another. Asking begins when the stub has answered the run's last call: earlier it could only be
 * answered "not yet", and would slow down what it measures.
 */
export async function latency(bench: Bench, workflow: Published, runs: number): Promise<Latency> {
  for (let n = 0; n < Math.min(WARM_UP_RUNS, runs); n++) await oneRun(bench, workflow);
  const samples: { seen: number; ended: number }[] = [];
  for (let n = 0; n < runs; n++) samples.push(await oneRun(bench, workflow));
  return { seen: spreadOf(samples.map(({ seen }) => seen)), ended: spreadOf(samples.map(({ ended }) => ended)) };
}

async function oneRun(bench: Bench, workflow: Published): Promise<{ seen: number; ended: number }> {
  const { client } = bench;
  const sentAt = performance.now();
  const { runId, done } = await startOne(bench, workflow);
  await done;
  while (!(await client.hasSucceeded(runId)));
  const seen = performance.now() - sentAt;
  const { ended_at } = await client.run(runId);
  return { seen, ended: Date.parse(ended_at ?? '') - (performance.timeOrigin + sentAt) };
}
