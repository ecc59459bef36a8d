/** What others can be told of. */
export const EVENTS = [
  'run.started',
  'run.succeeded',
  'run.failed',
  'run.cancelled',
  'run.timed_out',
  'run.skipped',
  'task.opened',
  'task.answered',
  'task.expired',
] as const;
