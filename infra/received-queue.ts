import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/** What a function may take that receives. */
export const RECEIVE_TIMEOUT = Duration.seconds(30);
/** As AWS advises, six times that. */
const VISIBILITY = Duration.minutes(3);
const MOST_RECEIVES = 10;
const COMMON = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) };

/** A queue that brings something to a function, and the one for what is given up. */
export function receivedQueue(
  scope: Construct,
  ids: { queue: string; dead: string },
  { name, ending = '' }: { name: string; ending?: '' | '.fifo' },
): { queue: Queue; dead: Queue } {
  const dead = new Queue(scope, ids.dead, { ...COMMON, queueName: `${name}-undelivered${ending}` });
  const queue = new Queue(scope, ids.queue, {
    ...COMMON,
    queueName: `${name}${ending}`,
    visibilityTimeout: VISIBILITY,
    deadLetterQueue: { queue: dead, maxReceiveCount: MOST_RECEIVES },
  });
  return { queue, dead };
}

/** What fails comes again by itself, without the rest of its batch. */
export const receives = (fn: LambdaFunction, queue: IQueue): void =>
  fn.addEventSource(new SqsEventSource(queue, { batchSize: 10, reportBatchItemFailures: true }));
