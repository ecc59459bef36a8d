import * as z from 'zod';
import { propertiesOf } from '../cloudformation/properties.ts';
import type { Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';
import { refuseForeignQueue } from '../sqs/declared.ts';
import { type ScheduleInput, scheduleInput } from './input.ts';
import { nextTime } from './next-time.ts';

export interface DeclaredSchedule {
  name: string;
  input: ScheduleInput;
}

const seconds = z
  .string()
  .transform((text) => Date.parse(text) / 1000)
  .optional();
const properties = scheduleInput.extend({ Name: z.string().optional(), StartDate: seconds, EndDate: seconds });

/** The schedules that the template declares; refuses what they ask for and nobody here can do. */
export function declaredSchedules(stack: Stack, isFunction: (arn: string) => boolean): DeclaredSchedule[] {
  return stack.ofType('AWS::Scheduler::Schedule').map((resource) => {
    const { Name: _, ...input } = propertiesOf(resource, properties);
    const { logicalId } = resource;
    const { Arn, DeadLetterConfig } = input.Target;
    if (!isFunction(Arn)) throw new TemplateRefused(`${logicalId} has the target ${Arn}, which is no function of this stack`);
    refuseForeignQueue(stack, resource, DeadLetterConfig?.Arn);
    refuseUnknownTime(logicalId, input);
    return { name: resource.name, input };
  });
}

function refuseUnknownTime(logicalId: string, input: ScheduleInput): void {
  try {
    nextTime(input, 0, 0);
  } catch {
    throw new TemplateRefused(`${logicalId} has the schedule expression ${input.ScheduleExpression}, which is not served`);
  }
}
