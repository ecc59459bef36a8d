/**
 * What the engine before this one took, which had a state machine for each workflow and a task for each step: for the column beside today's figures.
 * Times are of 2026-11-27, on the same two cores, medians of three interleaved rounds; operations, starts and memory of 2026-11-23.
 */
export const EARLIER = {
  measured: '2026-11-27',
  w3: {
    seenP50: 15.8,
    seenP95: 20.1,
    ended: { p50: 11.7, p95: 16.1 },
    seenPerSecond: '115 to 127',
    unseenPerSecond: 215,
    cpuMs: 12.8,
  },
  wpar: { seen: { p50: 21.1, p95: 28.9 }, seenPerSecond: 67 },
  operations: { transitions: 3, lambdaInvocations: 5, writeUnits: 18, readUnits: 7 },
  slowStepWriteUnits: 13,
  wparOperations: { transitions: 12, lambdaInvocations: 13, writeUnits: 34, readUnits: 23 },
  /** A million runs, without logs and storage. */
  dollars: { w3: 89.24, wpar: 328.58 },
  /** With 200,000 runs stored. */
  lists: { 'status=failed': 33, 'v2, a process, stage=Draft': 26, 'trigger=email (one in 2,000)': 3800 },
  boot: { coldMs: 1662, warmMs: 497 },
  memory: { readyMb: 248, busyMb: 470 },
} as const;

/** W3 and WPAR on other engines, measured on the same machine on the same day: what is possible. */
export const ELSEWHERE = [
  { engine: 'BullMQ on Redis, fsync', w3P50: 6.1, w3PerSecond: 743, cpuMs: 1.6, wparPerSecond: 498 },
  { engine: 'Restate', w3P50: 10.6, w3PerSecond: 399, cpuMs: 3.8, wparPerSecond: 338 },
  { engine: 'DBOS on PostgreSQL', w3P50: 11.1, w3PerSecond: 244, cpuMs: 5.9, wparPerSecond: 75 },
] as const;
