import * as z from 'zod';
import { eventPattern, type Matches } from '../../shared/kernel/event-pattern.ts';
import { propertiesOf } from '../cloudformation/properties.ts';
import type { Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';

/** Which events of a bus go to which queues. */
export interface DeclaredRule {
  bus: string;
  matches: Matches;
  targets: { queueArn: string; message: (event: string) => string }[];
}

/** What a template writes for the whole event. */
const WHOLE = '<aws.events.event.json>';

const target = z.strictObject({
  Id: z.string(),
  Arn: z.string(),
  InputTransformer: z
    .strictObject({ InputTemplate: z.string().regex(/^[^<]*<aws\.events\.event\.json>[^<]*$/, `must hold ${WHOLE} alone`) })
    .optional(),
  // Queues here take what they are sent.
  DeadLetterConfig: z.unknown().optional(),
  RetryPolicy: z.unknown().optional(),
});
const properties = z.strictObject({
  Name: z.string().optional(),
  Description: z.string().optional(),
  EventBusName: z.string().default('default'),
  EventPattern: z.record(z.string(), z.unknown()),
  State: z.literal('ENABLED').optional(),
  Targets: z.array(target),
  Tags: z.unknown().optional(),
});

/** The rules of the stack; their targets are queues. */
export function declaredRules(stack: Stack, isQueue: (arn: string) => boolean): DeclaredRule[] {
  return stack.ofType('AWS::Events::Rule').map((resource) => {
    const { EventBusName, EventPattern, Targets } = propertiesOf(resource, properties);
    const foreign = Targets.find(({ Arn }) => !isQueue(Arn));
    if (foreign)
      throw new TemplateRefused(`${resource.logicalId} has the target ${foreign.Arn}, which is no queue of this stack`);
    return {
      bus: nameOfBus(EventBusName),
      matches: eventPattern(EventPattern),
      targets: Targets.map(({ Arn, InputTransformer }) => ({
        queueArn: Arn,
        // A function, so that nothing in the event is taken for a pattern of replacement.
        message: (event) => InputTransformer?.InputTemplate.replace(WHOLE, () => event) ?? event,
      })),
    };
  });
}

/** The name of a bus that is named, or whose ARN is given. */
export const nameOfBus = (bus: string) => bus.split('/').at(-1) ?? bus;
