import * as z from 'zod';
import { background, logger } from '../../shared/aws/observe.ts';
import { type EventBatchServices, receiveEvents } from '../../shared/trigger/event/receive-event.ts';
import { rulesFrom } from '../../shared/trigger/event/rules-for.ts';
import { deliveries, engineServices, eventRules, payloads } from '../adapters.ts';

/** What Lambda says of a message of SQS, which holds an event. */
const record = z.object({ messageId: z.string(), body: z.string() });

/** Takes events of EventBridge, which come through SQS. What could not be dealt with comes again; all else is taken off the queue. */
export const handler = background(
  z.object({ Records: z.array(record) }),
  async ({ Records }, services) => {
    const missed = await receiveEvents(
      services,
      Records.map(({ messageId: id, body }) => ({ id, body })),
    );
    return { batchItemFailures: missed.map((itemIdentifier) => ({ itemIdentifier })) };
  },
  (): EventBatchServices => ({
    ...engineServices(),
    deliveries: deliveries(),
    payloads: payloads(),
    rulesFor: rulesFrom(eventRules()),
    missed: ({ id }, error) => logger.error('an event could not be dealt with', { messageId: id, error }),
  }),
);
