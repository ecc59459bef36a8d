import { loadavg } from 'node:os';
import { costs, costsOfWaits } from './cost/costs.ts';
import { AS_ON_AWS } from './cost/count.ts';
import { withBench } from './harness/bench.ts';
import { type Machine, theMachine } from './harness/machine.ts';
import { found } from './lists/find.ts';
import { storeHistory } from './lists/history.ts';
import { listed } from './lists/lists.ts';
import type { Sizes } from './sizes.ts';
import { boots } from './speed/boot.ts';
import { bundles } from './speed/bundles.ts';
import { endurance } from './speed/endurance.ts';
import { recovery } from './speed/recovery.ts';
import { speedOf } from './speed/rounds.ts';

type Say = (what: string) => void;

/** What can be measured by itself. */
const PARTS = {
  boot: ({ boots: sizes }: Sizes, say: Say) => {
    say('starts');
    return boots(sizes);
  },
  speed: ({ speed }: Sizes, say: Say) => speedOf(speed, say),
  endurance: ({ endurance: sizes }: Sizes, say: Say) => {
    say(`${sizes.runs} runs`);
    return withBench({ connections: sizes.callers }, (bench) => endurance(bench, sizes, sizes.stretch));
  },
  recovery: ({ killedRuns }: Sizes, say: Say) => {
    say('recovery');
    return recovery(killedRuns);
  },
  cost: ({ countedRuns }: Sizes, say: Say) => costsOfAll(countedRuns, say),
  lists: ({ lists: { stored, times } }: Sizes, say: Say) => {
    say(`lists of ${stored} runs`);
    return withBench({ connections: 1 }, (bench) => listed(bench, stored, times));
  },
  find: ({ find: { stored, times } }: Sizes, say: Say) => {
    say(`finding among ${stored} runs`);
    return withBench({ connections: 1 }, async (bench) => {
      const history = await storeHistory(bench, stored);
      return { stored, filters: await found(bench, history, times) };
    });
  },
  bundles: async ({ bundleLoads }: Sizes, say: Say) => {
    say('bundles');
    return bundles(bundleLoads);
  },
};
export type Part = keyof typeof PARTS;
export const PART_NAMES = Object.keys(PARTS).filter((name): name is Part => name in PARTS);

type Measured = { [Name in Part]: Awaited<ReturnType<(typeof PARTS)[Name]>> };
/** What was measured, and the load of the machine before and after each part. */
export type Results = Measured & {
  sizes: Sizes;
  parts: { [Name in Part]?: { measuredAt: string; load: number[]; machine?: Machine } };
};

/** One part. `say` hears what is being measured. */
export async function measure<Name extends Part>(
  name: Name,
  sizes: Sizes,
  say: Say,
): Promise<{ [N in Name]: Measured[N] } & Pick<Results, 'sizes' | 'parts'>> {
  const [before = 0] = loadavg();
  const machine = theMachine();
  const measured = await PARTS[name](sizes, say);
  const [after = 0] = loadavg();
  const parts = { [name]: { measuredAt: new Date().toISOString(), load: [before, after], machine } };
  return { [name]: measured, sizes, parts } as { [N in Name]: Measured[N] } & Pick<Results, 'sizes' | 'parts'>;
}

async function costsOfAll(runs: number, say: (what: string) => void) {
  const short = await withBench({ connections: 1, environment: AS_ON_AWS }, (bench) => costs(bench, runs, say));
  say('operations of runs that wait');
  return { ...short, ...(await costsOfWaits(runs)) };
}
