import { Effort, type Limits } from './effort.ts';
import { sourceValue, templateValue, type Where } from './evaluate.ts';
import { fitInputs, type Schema } from './input-schema.ts';
import type { Template } from './template.ts';

/** Work of which authors and outsiders say how long it takes. */
export type Computation =
  | { kind: 'template'; template: Template; names: Record<string, unknown>; where: Where; context: unknown }
  | { kind: 'expression'; source: string; where: Where; context: unknown }
  | { kind: 'inputs'; schema: Schema; inputs: unknown };

/** Does it in this thread. Throws `Laborious` for what takes more than limits that are not final. */
export function compute(computation: Computation, limits: Limits, signal?: AbortSignal): Promise<unknown> {
  return new Effort(limits, signal).run(() => perform(computation));
}

async function perform(computation: Computation): Promise<unknown> {
  switch (computation.kind) {
    case 'template':
      return templateValue(computation.template, computation.names, computation.where, computation.context);
    case 'expression':
      return sourceValue({ source: computation.source, start: 0 }, {}, computation.where, computation.context);
    case 'inputs':
      return fitInputs(computation.schema, computation.inputs);
  }
}
