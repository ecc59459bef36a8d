import * as z from 'zod';
import { arn } from '../aws/account.ts';
import { propertiesOf } from '../cloudformation/properties.ts';
import type { Resource, Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';

export interface DeclaredQueue {
  name: string;
  arn: string;
  url: string;
  retentionSeconds: number;
  visibilitySeconds: number;
}

/** Encryption is accepted: what lies here is on the disk of its owner. */
const properties = z.strictObject({
  QueueName: z.string().optional(),
  MessageRetentionPeriod: z.int().default(345_600),
  VisibilityTimeout: z.int().default(30),
  SqsManagedSseEnabled: z.boolean().optional(),
  KmsMasterKeyId: z.string().optional(),
  KmsDataKeyReusePeriodSeconds: z.int().optional(),
  Tags: z.unknown().optional(),
});

/** The standard queues of the stack; its `Ref` is its address. */
export const declaredQueues = (stack: Stack): DeclaredQueue[] =>
  stack.ofType('AWS::SQS::Queue').map((resource) => {
    const { MessageRetentionPeriod, VisibilityTimeout } = propertiesOf(resource, properties);
    const name = queueNameOf(resource.name);
    return {
      name,
      arn: arn('sqs', name),
      url: resource.name,
      retentionSeconds: MessageRetentionPeriod,
      visibilitySeconds: VisibilityTimeout,
    };
  });

/** Refuses what is to leave its dead letters in a queue that the stack does not have. */
export function refuseForeignQueue(stack: Stack, { logicalId }: Resource, queueArn: string | undefined): void {
  if (queueArn === undefined || declaredQueues(stack).some((queue) => queue.arn === queueArn)) return;
  throw new TemplateRefused(`${logicalId} has the dead-letter queue ${queueArn}, which is no queue of this stack`);
}

/** The name at the end of an address, whatever host that names. */
export const queueNameOf = (url: string) => url.split('/').at(-1) ?? '';
