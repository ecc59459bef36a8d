/** How much is measured. */
export interface Sizes {
  /** Sequential runs of each workflow. */
  latencyRuns: number;
  throughput: { runs: number; callers: number };
  /** How many runs are stored when the newest are listed, ascending. */
  stored: number[];
  lists: number;
  /** Runs whose operations are counted. */
  countedRuns: number;
  boots: { cold: number; warm: number };
  /** Loads of each bundle; none leaves bundles out, which takes the time of a synthesis. */
  bundleLoads: number;
}

export const FULL: Sizes = {
  latencyRuns: 200,
  throughput: { runs: 2000, callers: 32 },
  stored: [10_000, 50_000],
  lists: 200,
  countedRuns: 100,
  boots: { cold: 3, warm: 5 },
  bundleLoads: 5,
};

export const QUICK: Sizes = {
  latencyRuns: 50,
  throughput: { runs: 500, callers: 32 },
  stored: [2000, 10_000],
  lists: 50,
  countedRuns: 20,
  boots: { cold: 0, warm: 2 },
  bundleLoads: 0,
};

/** Too little to say anything about time; enough to count operations. */
export const TINY: Sizes = {
  latencyRuns: 2,
  throughput: { runs: 8, callers: 4 },
  stored: [100, 200],
  lists: 2,
  countedRuns: 5,
  boots: { cold: 0, warm: 1 },
  bundleLoads: 0,
};
