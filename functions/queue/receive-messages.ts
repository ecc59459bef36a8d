import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import { background, logger } from '../../shared/aws/observe.ts';
import * as env from '../../shared/kernel/env.ts';
import { type BatchServices, receiveBatch } from '../../shared/trigger/queue/receive-batch.ts';
import { messageOf, type SqsRecord, sqsRecord } from '../../shared/trigger/queue/records.sqs.ts';
import { deliveries, engineServices, payloads, queues } from '../adapters.ts';

/** Takes messages of SQS. What could not be dealt with comes again; all else is taken off its queue. */
export async function receiveMessages(
  { Records }: { Records: readonly SqsRecord[] },
  services: BatchServices,
): Promise<SQSBatchResponse> {
  const missed = await receiveBatch(services, Records.map(messageOf));
  return { batchItemFailures: missed.map((itemIdentifier) => ({ itemIdentifier })) };
}

export const handler = background(
  z.object({ Records: z.array(sqsRecord) }),
  receiveMessages,
  (): BatchServices => ({
    ...engineServices(),
    deliveries: deliveries(),
    payloads: payloads(),
    queues: queues(),
    sources: env.inboundQueues().map(({ name }) => name),
    missed: ({ id, from }, error) => logger.error('a message could not be dealt with', { messageId: id, queue: from, error }),
  }),
);
