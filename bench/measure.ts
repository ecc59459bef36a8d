import { loadavg } from 'node:os';
import { costs, costsOfWaits } from './cost/costs.ts';
import { AS_ON_AWS } from './cost/count.ts';
import { withBench } from './harness/bench.ts';
import { listed } from './lists/lists.ts';
import type { Sizes } from './sizes.ts';
import { boots } from './speed/boot.ts';
import { bundles } from './speed/bundles.ts';
import { endurance } from './speed/endurance.ts';
import { recovery } from './speed/recovery.ts';
import { speedOf } from './speed/rounds.ts';

export type Results = Awaited<ReturnType<typeof measure>>;

/** Every figure, in one go. `say` hears what is being measured. */
export async function measure(sizes: Sizes, say: (what: string) => void) {
  const [before = 0] = loadavg();
  say('starts');
  const boot = await boots(sizes.boots);
  const speed = await speedOf(sizes.speed, say);
  say(`${sizes.endurance.runs} runs`);
  const { callers, stretch } = sizes.endurance;
  const rates = await withBench({ connections: callers }, (bench) => endurance(bench, sizes.endurance, stretch));
  say('recovery');
  const recovered = await recovery(sizes.killedRuns);
  const cost = await costsOfAll(sizes.countedRuns, say);
  const { stored, times } = sizes.lists;
  say(`lists of ${stored} runs`);
  const lists = await withBench({ connections: 1 }, (bench) => listed(bench, stored, times));
  say('bundles');
  const loaded = bundles(sizes.bundleLoads);
  const [after = 0] = loadavg();
  return {
    measuredAt: new Date().toISOString(),
    sizes,
    load: [before, after],
    boot,
    speed,
    endurance: rates,
    recovery: recovered,
    cost,
    lists,
    bundles: loaded,
  };
}

async function costsOfAll(runs: number, say: (what: string) => void) {
  const short = await withBench({ connections: 1, environment: AS_ON_AWS }, (bench) => costs(bench, runs, say));
  say('operations of runs that wait');
  return { ...short, ...(await costsOfWaits(runs)) };
}
