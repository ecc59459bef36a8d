import * as z from 'zod';
import { arn } from '../aws/account.ts';
import { propertiesOf } from '../cloudformation/properties.ts';
import type { Resource, Stack } from '../cloudformation/stack.ts';

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
    const name = nameOf(resource);
    return {
      name,
      arn: arn('sqs', name),
      url: resource.name,
      retentionSeconds: MessageRetentionPeriod,
      visibilitySeconds: VisibilityTimeout,
    };
  });

export const queueArns = (stack: Stack): string[] =>
  stack.ofType('AWS::SQS::Queue').map((resource) => arn('sqs', nameOf(resource)));

const nameOf = ({ name: url }: Resource) => url.split('/').at(-1) ?? '';
