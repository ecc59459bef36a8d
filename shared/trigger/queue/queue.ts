import * as z from 'zod';
import type { Page, PageOf } from '../../kernel/page.ts';
import { trigger } from '../expression/trigger.ts';
import type { Readable } from '../expression/trigger-expressions.ts';

/** What starts a run for each message of SQS that is meant for it. */
export const queue = trigger.extend({
  /** The owner's own queue whose messages are all for it; absent where messages of the inbox name it. */
  source: z.string().optional(),
});
export type Queue = z.infer<typeof queue>;

/** What the mapping and the condition of a queue read. */
export const MESSAGE: Readable = { thing: 'a message', trigger: 'queue', names: ['body', 'attributes', 'message'] };

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
