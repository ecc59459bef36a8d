import { type Bench, type Published, startOne } from './bench.ts';
import { type Spread, spreadOf } from './statistics.ts';

const WARM_UP_RUNS = 30;

/**
 * From the start call being sent to the first answer of `GET /v2/runs/{id}` that shows the run succeeded, one run after another. Asking begins when the
 * stub has had the run's last call: earlier it could only be answered "not yet", and would slow down what it measures.
 */
export async function latency(bench: Bench, workflow: Published, runs: number): Promise<Spread> {
  const samples: number[] = [];
  for (let n = -Math.min(WARM_UP_RUNS, runs); n < runs; n++) {
    const took = await oneRun(bench, workflow);
    if (n >= 0) samples.push(took);
  }
  return spreadOf(samples);
}

async function oneRun(bench: Bench, workflow: Published): Promise<number> {
  const sentAt = performance.now();
  const { runId, done } = await startOne(bench, workflow);
  await done;
  while (!(await bench.client.hasSucceeded(runId)));
  return performance.now() - sentAt;
}
