import * as z from 'zod';
import { propertiesOf } from '../cloudformation/properties.ts';
import type { Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';

/** Which function Lambda takes the messages of a queue to. */
export interface QueueMapping {
  id: string;
  functionArn: string;
  queueArn: string;
  batchSize: number;
  reportsFailures: boolean;
}

const properties = z.strictObject({
  FunctionName: z.string(),
  EventSourceArn: z.string(),
  BatchSize: z.int().min(1).max(10).default(10),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  Enabled: z.literal(true).optional(),
  Tags: z.unknown().optional(),
});

export const isQueue = (eventSource: unknown) => /^arn:[^:]+:sqs:/.test(String(eventSource));

/** The mappings of the stack that read from queues. */
export function declaredQueueMappings(stack: Stack, isFunction: (arn: string) => boolean): QueueMapping[] {
  const resources = stack.ofType('AWS::Lambda::EventSourceMapping');
  return resources
    .filter((resource) => isQueue(resource.properties['EventSourceArn']))
    .map((resource) => {
      const found = propertiesOf(resource, properties);
      if (!isFunction(found.FunctionName))
        throw new TemplateRefused(`${resource.logicalId} calls ${found.FunctionName}, which is no function of this stack`);
      return {
        id: resource.logicalId,
        functionArn: found.FunctionName,
        queueArn: found.EventSourceArn,
        batchSize: found.BatchSize,
        reportsFailures: found.FunctionResponseTypes.length > 0,
      };
    });
}
