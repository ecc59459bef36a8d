import { type Bench, publish } from '../harness/bench.ts';
import { W3 } from '../harness/workflows.ts';
import { type Load, seen } from './throughput.ts';

/** Runs a second, of each so many runs in turn: whether it slows down as runs accumulate. */
export async function endurance(bench: Bench, load: Load, stretch: number): Promise<number[]> {
  const workflow = await publish(bench, W3);
  const rates: number[] = [];
  let ended = 0;
  let since = performance.now();
  await seen(bench, workflow, load, () => {
    ended += 1;
    if (ended % stretch !== 0) return;
    const now = performance.now();
    rates.push((stretch / (now - since)) * 1000);
    since = now;
  });
  return rates;
}
