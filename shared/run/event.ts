import { decodeTime, incrementBase32 } from 'ulid';
import * as z from 'zod';
import { newId } from '../id.ts';

const EVENT_TYPES = [
  'run_created',
  'run_started',
  'run_pausing',
  'run_paused',
  'run_resumed',
  'run_draining',
  'step_started',
  'step_completed',
  'step_retrying',
  'step_failed',
  'step_cancelled',
  'run_succeeded',
  'run_failed',
  'run_cancelled',
  'run_timed_out',
  'run_skipped',
] as const;

/** One line of a run's log, as rows hold it. `output: true` says that its data is the output beside it in the row. */
export const event = z.object({
  id: z.string(),
  time: z.string(),
  type: z.enum(EVENT_TYPES),
  step: z.string().optional(),
  scope: z.string().optional(),
  attempt: z.int().optional(),
  message: z.string(),
  skipped: z.boolean().optional(),
  reused: z.string().optional(),
  reason: z.string().optional(),
  output: z.boolean().optional(),
  data: z.unknown().optional(),
});
export type RunEvent = z.infer<typeof event>;

/** The smallest ULID after `id`: lets an event stand right behind another, whatever the clocks say. */
export const successor = (id: string) => incrementBase32(id);

/**
 * Ids for lines written together, in their order, none before `floor`: clocks of two workers differ by milliseconds,
 * and no step may stand before its run.
 */
export function lineIds(count: number, now: Date, floor: string): string[] {
  let id = newId(Math.max(now.getTime(), decodeTime(floor) + 1));
  return Array.from({ length: count }, (_, line) => {
    if (line > 0) id = successor(id);
    return id;
  });
}
