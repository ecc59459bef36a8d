import { StepError } from '../kernel/step-error.ts';
import { type Computation, compute } from './compute.ts';
import { computeThreads, ThreadStopped } from './compute-threads.ts';
import { GLIMPSE, GLIMPSE_OF_PATHS, Laborious, LIMITS, type Limits } from './effort.ts';
import { placeOf, type Where } from './evaluate.ts';
import { readsOnly } from './reads-only.ts';
import type { Template } from './template.ts';
import { isLight } from './weight.ts';

/** Who may call an evaluation off. Without a signal it has the time that every evaluation has at most. */
export interface Bounds {
  signal?: AbortSignal | undefined;
}

/**
 * Evaluates every `${ ... }` of a template. A string that is exactly one expression takes its value; with text around it, it makes
 * a string in which objects are JSON and null is nothing. `context` is what plain names such as `body` refer to.
 * Throws `StepError` `ExpressionError`, naming step, field and position, or the reason of the signal.
 */
export function evaluateTemplate(
  template: Template,
  names: Record<string, unknown>,
  where: Where,
  context?: unknown,
  { signal }: Bounds = {},
): Promise<unknown> {
  return evaluated({ kind: 'template', template, names, where, context }, signal);
}

/** Evaluates what is one expression, without `${ ... }` around it, from `context` alone. */
export function evaluateExpression(source: string, where: Where, context: unknown): Promise<unknown> {
  return evaluated({ kind: 'expression', source, where, context });
}

type Evaluation = Exclude<Computation, { kind: 'inputs' }>;

/** Where there are threads, they do all but what is done in a glimpse: whoever else asks something of this process is not kept waiting. */
async function evaluated(evaluation: Evaluation, signal?: AbortSignal): Promise<unknown> {
  const threads = computeThreads();
  if (!threads) return compute(evaluation, LIMITS, signal);
  const glimpse = glimpseOf(evaluation);
  try {
    if (glimpse) return await compute(evaluation, glimpse, signal);
  } catch (error) {
    if (!(error instanceof Laborious)) throw error;
  }
  return threads.run(evaluation, signal).catch((error: unknown) => {
    throw error instanceof ThreadStopped ? tooLong(evaluation.where) : error;
  });
}

/** The limits within which a try is worth it. */
function glimpseOf(evaluation: Evaluation): Limits | undefined {
  if (evaluation.kind === 'template' && readsOnly(evaluation.template)) return GLIMPSE_OF_PATHS;
  const isSmall = isLight(evaluation.context) && (evaluation.kind === 'expression' || isLight(evaluation.names));
  return isSmall ? GLIMPSE : undefined;
}

const tooLong = (where: Where) =>
  new StepError('ExpressionError', `${placeOf(where)}: takes longer than ${LIMITS.totalMs / 1000} seconds, or too much memory`);
