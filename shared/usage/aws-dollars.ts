import { PRICES } from '../kernel/aws-prices.ts';

/** What a run has done, as far as AWS bills it. */
export interface Operations {
  /** Steps that were executed: the end of each is written. */
  steps: number;
  executions: number;
  drivers: number;
  /** For how long drivers have held it. */
  drivenMs: number;
  /** Its executions are of the kind that is paid by transitions. */
  standard: boolean;
}

/** Of the worker, and of Express, which counts in 64 MB and 100 ms. */
const WORKER_GB = 0.5;
const EXPRESS_GB = 64 / 1024;
const EXPRESS_STEP_MS = 100;
/** `Drive`, `Next`, and a `Wait` or the end. */
const TRANSITIONS = 3;
/** Written at the start, at the end, and for counters; whoever drives next writes the row, and reads it. */
const ONCE_UNITS = 5 + 2 + 2;
const DRIVER_UNITS = 4;
const READ_UNITS = 2;
/** The request, the authorizer and the start. */
const START_REQUESTS = 2;
/** What is left behind, for the three months that are kept unless told otherwise. */
const RUN_BYTES = 2_000;
const STEP_BYTES = 600;
const KEPT_MONTHS = 3;
const LOG_BYTES = 2_000;

/**
 * About what a run has cost on AWS, in dollars: the operations that follow from its journal, by the price list. It knows nothing of free tiers, large values and waits for
 * others; `npm run bench` measures what is billed.
 */
export function awsDollarsOf({ steps, executions, drivers, drivenMs, standard }: Operations): number {
  const lambda = (START_REQUESTS + drivers) * PRICES.lambdaRequest + (drivenMs / 1000) * WORKER_GB * PRICES.lambdaGbSecond;
  const writes = ONCE_UNITS + steps + Math.max(0, drivers - 1) * DRIVER_UNITS;
  const tables = writes * PRICES.writeUnit + (READ_UNITS + drivers) * PRICES.readUnit;
  const stored = (RUN_BYTES + STEP_BYTES * steps) * KEPT_MONTHS * (PRICES.storedByteMonth + PRICES.recoverableByteMonth);
  const machine = standard ? drivers * TRANSITIONS * PRICES.stateTransition : expressOf(executions, drivenMs);
  return PRICES.apiRequest + lambda + tables + machine + stored + LOG_BYTES * PRICES.logByte;
}

function expressOf(executions: number, drivenMs: number): number {
  const seconds = (Math.max(executions, Math.ceil(drivenMs / EXPRESS_STEP_MS)) * EXPRESS_STEP_MS) / 1000;
  return executions * PRICES.expressRequest + seconds * EXPRESS_GB * PRICES.expressGbSecond;
}
