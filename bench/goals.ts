/** What the figures should reach on a machine with two cores. */
export const GOALS = {
  w3LatencyMs: 15,
  runsPerSecond: 150,
  listMs: 10,
  readyMs: 3000,
  transitions: 4,
  lambdaInvocations: 5,
  writeUnits: 20,
  readUnits: 8,
  costOfRaw: 1.5,
  bundleBytes: 1_000_000,
  loadMs: 150,
} as const;
