import * as z from 'zod';
import { MAX_STEPS } from '../kernel/limits.ts';
import type { Step } from '../step/kind.ts';
import { kinds } from '../step/registry.ts';
import { mayAsk } from './asks.ts';
import { documentKeys } from './document-schema.ts';
import { common } from './step-schema.ts';

/** The format for editors, as JSON Schema: served at `/schemas/workflow-1.json`. */
export function workflowJsonSchema(): object {
  const steps: z.ZodType<Step[]> = z.lazy(() => z.array(step).min(1).max(MAX_STEPS)).meta({ id: 'steps' });
  const step: z.ZodType<Step> = z.union(kindSchemas(steps)).meta({ id: 'step' });
  const document = z.strictObject({ ...documentKeys, steps }).meta({ title: 'Millrun workflow' });
  return z.toJSONSchema(document, { io: 'input', unrepresentable: 'any' });
}

// Nothing is parsed with these forms; they only have to say what they are forms of.
const nothing: Step = { id: '', kind: '', spec: null, repeatable: true };

/** One closed form for each kind of step. */
function kindSchemas(steps: z.ZodType<Step[]>): z.ZodType<Step>[] {
  const { timeout, output, onError, ...beside } = common(steps);
  return [...kinds.values()].map((kind) => {
    const spec = kind.shape === 'group' ? kind.schema(steps) : kind.schema;
    const own = {
      ...(kind.shape === 'leaf' && { timeout }),
      ...(mayAsk(kind) && { onError }),
      ...(kind.name !== 'raise' && { output }),
    };
    return z.strictObject({ ...beside, ...own, [kind.name]: spec }).transform(() => nothing);
  });
}
