import { MAX_RUN_SECONDS } from '../kernel/limits.ts';

export const DAY_SECONDS = 86_400;

/** For how long a run may go on where it is kept for so many days. */
export const longestRunSeconds = (retentionDays: number) => Math.min(MAX_RUN_SECONDS, retentionDays * DAY_SECONDS);
