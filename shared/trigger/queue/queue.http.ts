import * as z from 'zod';
import { actor, page, resourceId, words } from '../../edge/schema.ts';
import { camelCased, viewOf } from '../../edge/snake-case.ts';
import type { Queue } from './queue.ts';

const mapping = z.string().min(1).max(20_000).meta({ description: 'JSONata from {body, attributes, message} to inputs' });
const condition = z.string().min(1).max(20_000).meta({
  description: 'JSONata condition over {body, attributes, message}: a message that does not meet it is skipped',
});
const source = z
  .string()
  .regex(/^[\w-]{1,80}(\.fifo)?$/, 'must be the name of a queue of SQS')
  .meta({ description: 'One of your own queues, as the setting inboundQueues names it: all its messages are for this trigger' });

export const newQueue = camelCased(
  z.strictObject({
    name: words(100),
    source: source.optional(),
    mapping: mapping.optional(),
    if: condition.optional(),
    enabled: z.boolean().default(true),
  }),
);

export const changedQueue = camelCased(
  z.strictObject({
    name: words(100).optional(),
    enabled: z.boolean().optional(),
    mapping: mapping.nullable().optional(),
    if: condition.nullable().optional(),
  }),
);

export const queueEntry = z
  .object({
    id: resourceId,
    workflow_id: resourceId,
    project_id: z.string(),
    name: z.string(),
    source: z.string().nullable(),
    queue_url: z
      .string()
      .nullable()
      .meta({ description: 'Where to send messages, with the attribute queue_id; null where all messages of source are for it' }),
    fifo_queue_url: z.string().nullable().meta({ description: 'The same, in order within each group' }),
    mapping: z.string().nullable(),
    if: z.string().nullable(),
    enabled: z.boolean(),
    created_at: z.iso.datetime(),
    created_by: actor,
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Queue' });

export const queueEntries = page(queueEntry).meta({ id: 'QueueList' });

/** Addresses of the queues of SQS that take messages for any trigger. */
export interface InboxUrls {
  standard: string;
  fifo: string;
}

export function queueView(queue: Queue, inbox: InboxUrls) {
  const urls = queue.source === undefined ? { queueUrl: inbox.standard, fifoQueueUrl: inbox.fifo } : {};
  return viewOf(queueEntry, { ...queue, ...urls, projectId: queue.project });
}
