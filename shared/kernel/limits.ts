export const MAX_DOCUMENT_BYTES = 256 * 1024;
export const MAX_STEPS = 500;
export const MAX_NESTING = 10;
/** Levels of lists and maps in the whole document. */
export const MAX_DEPTH = 200;
export const MAX_ALIASES = 20;
/** Nobody reads more, and to find the place of each in a large text takes its time. */
export const MAX_DIAGNOSTICS = 1_000;
export const MAX_ITEMS = 10_000;
export const MAX_ROUNDS = 10_000;
/** Of all items and rounds together. A driver holds the state of each in memory, some 400 bytes and half as much in a snapshot. */
export const MAX_RUN_STEPS = 250_000;
export const MAX_CONCURRENCY = 40;
export const DEFAULT_CONCURRENCY = 10;
/** Runs that `concurrency` lets go on at once: who they are stands in one row. */
export const MAX_RUNS_AT_ONCE = 500;
export const DEFAULT_TIMEOUT_SECONDS = 60;
/** The worker is a Lambda function, which lives 900 seconds at most and needs some to write the outcome. */
export const MAX_TIMEOUT_SECONDS = 890;
export const DEFAULT_RUN_SECONDS = 90 * 86_400;
/** Step Functions ends an execution after a year. */
export const MAX_RUN_SECONDS = 365 * 86_400;

/** The largest value a step, an input or an output may be, in bytes as JSON text. */
export const VALUE_LIMIT_BYTES = 5 * 1024 * 1024;
