import type * as z from 'zod';
import { StepError } from '../../kernel/step-error.ts';
import { readAs } from '../../workflow/zod-findings.ts';

/** What stands under the kind of a step, once its expressions are evaluated. Throws `ExpressionError` for what the kind cannot take. */
export function resolvedSpec<Spec>(kind: { name: string; resolved: z.ZodType<Spec> }, step: string, evaluated: unknown): Spec {
  const spec = kind.resolved.safeParse(evaluated);
  if (spec.success) return spec.data;
  const [wrong] = readAs(kind.resolved, evaluated).findings;
  throw new StepError('ExpressionError', `${[step, kind.name, ...(wrong?.at ?? [])].join('.')}: ${wrong?.message}`);
}
