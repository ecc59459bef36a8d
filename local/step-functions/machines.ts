import * as z from 'zod';
import type { Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';
import { type Definition, definition } from './definition.ts';

/** A state machine of the stack. */
export interface Machine {
  arn: string;
  name: string;
  express: boolean;
  definition: Definition;
}

const properties = z.object({
  DefinitionString: z.string(),
  StateMachineType: z.enum(['STANDARD', 'EXPRESS']).default('STANDARD'),
});

/** The state machines of the stack by their ARNs. Refuses by name what the interpreter does not know. */
export function declaredMachines(stack: Stack): Map<string, Machine> {
  const machines = stack.ofType('AWS::StepFunctions::StateMachine').map(({ logicalId, name: arn, properties: declared }) => {
    const { DefinitionString, StateMachineType } = properties.parse(declared);
    const parsed = definition.safeParse(JSON.parse(DefinitionString));
    if (!parsed.success) throw new TemplateRefused(`${logicalId} asks for what is not served here: ${faultsOf(parsed.error)}`);
    const name = arn.split(':').at(-1) ?? '';
    return { arn, name, express: StateMachineType === 'EXPRESS', definition: parsed.data };
  });
  return new Map(machines.map((machine) => [machine.arn, machine]));
}

const faultsOf = ({ issues }: z.ZodError) =>
  issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)).join('; ');
