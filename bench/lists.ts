import type { Bench } from './bench.ts';
import { type Spread, spreadOf } from './statistics.ts';

const PAGE = 50;
const WARM_UP = 10;

/** The newest runs, asked for again and again. */
export async function listNewest({ client }: Bench, times: number): Promise<Spread> {
  const samples: number[] = [];
  for (let n = -WARM_UP; n < times; n++) {
    const sentAt = performance.now();
    await client.get(`/v1/runs?limit=${PAGE}`);
    if (n >= 0) samples.push(performance.now() - sentAt);
  }
  return spreadOf(samples);
}
