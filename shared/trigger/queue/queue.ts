import * as z from 'zod';
import { actor } from '../../kernel/actor.ts';
import type { Page, PageOf } from '../../kernel/page.ts';

/** What starts a run for each message of SQS that is meant for it. */
export const queue = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  workflowId: z.string(),
  name: z.string(),
  /** The owner's own queue whose messages are all for it; absent where messages of the inbox name it. */
  source: z.string().optional(),
  /** JSONata from `{body, attributes, message}` to inputs. */
  mapping: z.string().optional(),
  /** JSONata condition over the same: what does not meet it starts nothing. */
  if: z.string().optional(),
  enabled: z.boolean(),
  createdAt: z.string(),
  createdBy: actor,
  updatedAt: z.string(),
});
export type Queue = z.infer<typeof queue>;

export interface Queues {
  /** False when the source of the queue starts another one already. */
  create(queue: Queue): Promise<boolean>;
  get(id: string): Promise<Queue | undefined>;
  /** The one that all messages of a queue of the owner are for. */
  bySource(source: string): Promise<Queue | undefined>;
  /** Stores `next`. False when somebody has changed it since `seen` was read. */
  replace(seen: Queue, next: Queue): Promise<boolean>;
  remove(queue: Queue): Promise<void>;
  list(owner: { workspace: string; workflowId: string }, page: PageOf): Promise<Page<Queue>>;
}
