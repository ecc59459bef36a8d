/** What the figures should reach: times on a machine with two cores, operations and dollars on AWS. */
export const GOALS = {
  w3LatencyMs: 8,
  w3RunsPerSecond: 400,
  wparRunsPerSecond: 250,
  cpuMsPerRun: 4.5,
  /** Of the rate at the beginning, the rate after all the others. */
  enduring: 0.95,
  recoveryMs: 4000,
  listMs: 10,
  rareListMs: 50,
  findMs: 50,
  readyMs: 3000,
  writeUnits: 11,
  readUnits: 3,
  expressExecutions: 1,
  /** One of them is the authorizer's. */
  lambdaInvocations: 3,
  slowStepWriteUnits: 3,
  dollars: 12,
  bundleBytes: 1_000_000,
  loadMs: 150,
} as const;
