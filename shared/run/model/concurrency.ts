import * as z from 'zod';
import { WHEN_FULL } from '../../workflow/document.ts';

/** That a run shares a limit with others, as it was said at its start. */
export const concurrency = z.object({
  /** What those have in common that share it: workflow, stage, and the hash of the key. */
  place: z.string(),
  limit: z.int(),
  whenFull: z.enum(WHEN_FULL),
  /** The key as people may see it. */
  key: z.string().optional(),
});
export type RunConcurrency = z.infer<typeof concurrency>;

/** The limit in words. */
export function limitOf({ concurrency }: { concurrency?: RunConcurrency | undefined }): string {
  const { limit = 0, key } = concurrency ?? {};
  return `the workflow runs ${limit} at once${key === undefined ? '' : ` for ${key}`}`;
}

/** A run that has been accepted and is not let in yet; with `until`, nobody is before that. */
export const queued = z.object({ at: z.string(), until: z.string().optional() });
export type Queued = z.infer<typeof queued>;
