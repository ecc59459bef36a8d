import * as z from 'zod';
import { ACCOUNT, arn, REGION } from '../aws/account.ts';
import { propertiesOf } from '../cloudformation/properties.ts';
import type { Resource, Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';

export interface DeclaredQueue {
  name: string;
  arn: string;
  url: string;
  retentionSeconds: number;
  visibilitySeconds: number;
  isFifo: boolean;
  /** The same body is the same message again. */
  byContent: boolean;
  /** Where messages go that were received so often. */
  redrive: { arn: string; maxReceives: number } | undefined;
}

/** Encryption is accepted: what lies here is on the disk of its owner. */
const properties = z.strictObject({
  QueueName: z.string().optional(),
  FifoQueue: z.boolean().default(false),
  ContentBasedDeduplication: z.boolean().default(false),
  MessageRetentionPeriod: z.int().default(345_600),
  VisibilityTimeout: z.int().default(30),
  RedrivePolicy: z.strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: z.int().min(1).max(1000) }).optional(),
  SqsManagedSseEnabled: z.boolean().optional(),
  KmsMasterKeyId: z.string().optional(),
  KmsDataKeyReusePeriodSeconds: z.int().optional(),
  Tags: z.unknown().optional(),
});

/** The queues of the stack; their `Ref` is their address. */
export function declaredQueues(stack: Stack): DeclaredQueue[] {
  const queues = stack.ofType('AWS::SQS::Queue').map((resource) => {
    const found = propertiesOf(resource, properties);
    const name = queueNameOf(resource.name);
    if (found.FifoQueue !== name.endsWith('.fifo'))
      throw new TemplateRefused(`${resource.logicalId} is called ${name}: FIFO queues end in .fifo, and no others do`);
    const { deadLetterTargetArn, maxReceiveCount = 0 } = found.RedrivePolicy ?? {};
    return {
      name,
      arn: arn('sqs', name),
      url: resource.name,
      retentionSeconds: found.MessageRetentionPeriod,
      visibilitySeconds: found.VisibilityTimeout,
      isFifo: found.FifoQueue,
      byContent: found.ContentBasedDeduplication,
      redrive: deadLetterTargetArn === undefined ? undefined : { arn: deadLetterTargetArn, maxReceives: maxReceiveCount },
    };
  });
  const own = foreignSources(stack, queues);
  const lost = queues.find(({ redrive }) => redrive && !queues.some((queue) => queue.arn === redrive.arn));
  if (lost)
    throw new TemplateRefused(`${lost.name} has the dead-letter queue ${lost.redrive?.arn}, which is no queue of this stack`);
  return [...queues, ...own];
}

/** Queues outside the stack that functions take messages from: here they are beside it. */
function foreignSources(stack: Stack, queues: readonly DeclaredQueue[]): DeclaredQueue[] {
  const arns = stack.ofType('AWS::Lambda::EventSourceMapping').map(({ properties }) => String(properties['EventSourceArn']));
  return arns
    .filter((one) => /^arn:[^:]+:sqs:/.test(one) && !queues.some((queue) => queue.arn === one))
    .map((one) => {
      const name = one.split(':').at(-1) ?? '';
      return {
        name,
        arn: one,
        url: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`,
        retentionSeconds: 345_600,
        visibilitySeconds: 30,
        isFifo: name.endsWith('.fifo'),
        byContent: false,
        redrive: undefined,
      };
    });
}

/** Refuses what is to leave its dead letters in a queue that the stack does not have. */
export function refuseForeignQueue(stack: Stack, { logicalId }: Resource, queueArn: string | undefined): void {
  if (queueArn === undefined || declaredQueues(stack).some((queue) => queue.arn === queueArn)) return;
  throw new TemplateRefused(`${logicalId} has the dead-letter queue ${queueArn}, which is no queue of this stack`);
}

/** The name at the end of an address, whatever host that names. */
export const queueNameOf = (url: string) => url.split('/').at(-1) ?? '';
