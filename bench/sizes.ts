import type { SpeedSizes } from './speed/rounds.ts';

/** How much is measured. */
export interface Sizes {
  speed: SpeedSizes;
  /** One load after another on the same data, and of how many runs each rate is. */
  endurance: { runs: number; callers: number; stretch: number };
  /** Runs in flight when the process is killed. */
  killedRuns: number;
  /** Runs that are stored when lists are asked for, and how often each list is. */
  lists: { stored: number; times: number };
  /** The same of filters. */
  find: { stored: number; times: number };
  /** Runs whose operations are counted, of each kind. */
  countedRuns: number;
  boots: { cold: number; warm: number };
  /** Loads of each bundle; none leaves bundles out, which takes the time of a synthesis. */
  bundleLoads: number;
}

export const FULL: Sizes = {
  speed: { rounds: 3, warmUpRuns: 1000, latencyRuns: 200, load: { runs: 2000, callers: 32 } },
  endurance: { runs: 20_000, callers: 32, stretch: 1000 },
  killedRuns: 32,
  lists: { stored: 200_000, times: 200 },
  find: { stored: 200_000, times: 50 },
  countedRuns: 50,
  boots: { cold: 3, warm: 5 },
  bundleLoads: 5,
};

export const QUICK: Sizes = {
  speed: { rounds: 1, warmUpRuns: 500, latencyRuns: 50, load: { runs: 500, callers: 32 } },
  endurance: { runs: 4000, callers: 32, stretch: 1000 },
  killedRuns: 16,
  lists: { stored: 10_000, times: 50 },
  find: { stored: 10_000, times: 20 },
  countedRuns: 20,
  boots: { cold: 0, warm: 2 },
  bundleLoads: 0,
};

/** Too little to say anything about time; enough to count operations. */
export const TINY: Sizes = {
  speed: { rounds: 1, warmUpRuns: 2, latencyRuns: 2, load: { runs: 8, callers: 4 } },
  endurance: { runs: 8, callers: 4, stretch: 4 },
  killedRuns: 2,
  lists: { stored: 200, times: 2 },
  find: { stored: 200, times: 2 },
  countedRuns: 4,
  boots: { cold: 0, warm: 1 },
  bundleLoads: 0,
};
