import * as z from 'zod';
import { type Bench, publish, startOne, withBench } from '../harness/bench.ts';
import type { Measured } from '../harness/workflows.ts';

/** The starts a second that are simulated. */
export const STARTS_PER_SECOND = 3000;

/** The busiest key of a table or of one of its indexes. */
export interface BusyKey {
  table: string;
  /** Null for the table itself. */
  index: string | null;
  key: string;
  /** In a second in which so many runs start. */
  units: number;
}

export interface HotKeys {
  /** How many runs a second this machine started. */
  pace: number;
  keys: BusyKey[];
  /** What the key of a run itself took at the most, however many others there are. */
  ofOneRun: number;
}

export interface KeyLoad {
  workflow: Measured;
  /** Runs under way at once. */
  callers: number;
  windowMs: number;
}

const report = z.object({
  keys: z.array(z.object({ table: z.string(), index: z.string().nullable(), key: z.string(), peak: z.number() })),
});

/**
 * Runs of one workflow in one workspace, as many as this machine can, for three windows. What a key takes in a window is brought to the starts a
 * second that are simulated: a window is a second of them, seen through a lens.
 */
export async function hotKeys({ workflow, callers, windowMs }: KeyLoad): Promise<HotKeys> {
  const environment = { USAGE_KEYS_WINDOW_MS: String(windowMs) };
  return withBench({ connections: callers, environment }, async (bench) => {
    const starts = await startForWindows(bench, workflow, { callers, windowMs });
    const { keys } = report.parse(await bench.client.get('/_local/usage/keys'));
    const shared = keys.filter(({ peak }) => peak >= starts * SHARED);
    const scale = STARTS_PER_SECOND / starts;
    return {
      pace: (starts / windowMs) * 1000,
      keys: busiest(shared.map(({ peak, ...key }) => ({ ...key, units: peak * scale }))),
      ofOneRun: Math.max(...keys.filter(({ key }) => key.startsWith('RUN#')).map(({ peak }) => peak)),
    };
  });
}

/** Answers how many runs were started in the window that saw most. Windows begin where those of the counters do. */
async function startForWindows(
  bench: Bench,
  workflow: Measured,
  { callers, windowMs }: Omit<KeyLoad, 'workflow'>,
): Promise<number> {
  const published = await publish(bench, workflow);
  const until = (Math.floor(Date.now() / windowMs) + WINDOWS + 1) * windowMs;
  const starts = new Map<number, number>();
  const caller = async () => {
    while (Date.now() < until) {
      const { done } = await startOne(bench, published);
      const window = Math.floor(Date.now() / windowMs);
      starts.set(window, (starts.get(window) ?? 0) + 1);
      await done;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return Math.max(...starts.values());
}

const WINDOWS = 3;
/** A key that has fewer units than this for each start is one of a few runs, of which there are no more when more are started. */
const SHARED = 0.02;

/** One key of each table and index, the busiest first. */
function busiest(keys: BusyKey[]): BusyKey[] {
  const found = new Map<string, BusyKey>();
  for (const key of keys) {
    const of = `${key.table}/${key.index}`;
    if (key.units > (found.get(of)?.units ?? 0)) found.set(of, key);
  }
  return [...found.values()].toSorted((a, b) => b.units - a.units);
}
