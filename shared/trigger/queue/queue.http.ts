import * as z from 'zod';
import { page, words } from '../../edge/schema.ts';
import { camelCased, viewOf } from '../../edge/snake-case.ts';
import { triggerSchemas } from '../expression/trigger.http.ts';
import { MESSAGE, type Queue } from './queue.ts';

const { made, changed, head, foot } = triggerSchemas(MESSAGE);
const source = z
  .string()
  .regex(/^[\w-]{1,80}(\.fifo)?$/, 'must be the name of a queue of SQS')
  .meta({ description: 'One of your own queues, as the setting inboundQueues names it: all its messages are for this trigger' });

export const newQueue = camelCased(z.strictObject({ name: words(100), source: source.optional(), ...made }));

export const changedQueue = camelCased(z.strictObject(changed));

export const queueEntry = z
  .object({
    ...head,
    source: z.string().nullable(),
    queue_url: z
      .string()
      .nullable()
      .meta({ description: 'Where to send messages, with the attribute queue_id; null where all messages of source are for it' }),
    fifo_queue_url: z.string().nullable().meta({ description: 'The same, in order within each group' }),
    ...foot,
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
