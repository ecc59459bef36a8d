import { StepError } from '../step/step-error.ts';
import { conditionOf } from '../workflow/condition.ts';
import { evaluateTemplate } from '../workflow/expression.ts';
import type { Order } from '../workflow/order.ts';
import { orderOfList } from '../workflow/order-of-list.ts';
import type { Plan, PlannedStep } from '../workflow/plan.ts';
import { readingOf } from '../workflow/references.ts';
import { type Prepared, prepareRun, startable } from './prepare-run.ts';
import type { Starter, StartRequest } from './start-run.ts';

/** A step or a group of steps as they would be taken. */
export type PlannedOrder =
  | { step: string; kind: string; title: string | null; skipped: boolean | null; inside?: Record<string, PlannedOrder[]> }
  | { together: PlannedOrder[][] };

export interface DryRun {
  prepared: Prepared;
  order: PlannedOrder[];
  /** Expressions that would fail with these inputs. */
  problems: { step: string; message: string }[];
}

/** What a start would do, without doing it: the same checks, then the steps in their order with the conditions that can be known. */
export async function dryRun(services: Starter, request: StartRequest): Promise<DryRun> {
  const workflow = await startable(services, request);
  const now = services.now().toISOString();
  const prepared = await prepareRun(services, workflow, request, { id: 'dry-run', trigger: request.trigger, startedAt: now });
  const foreseen = await foresee(prepared, {
    id: 'dry-run',
    trigger: request.trigger,
    startedAt: now,
    name: prepared.name,
    reference: prepared.reference ?? null,
  });
  return { prepared, order: listed(prepared.plan, prepared.plan.top, foreseen.skipped), problems: foreseen.problems };
}

/** Evaluates the conditions that read nothing but the inputs and the run. */
async function foresee({ plan, inputs }: Prepared, run: object) {
  const skipped = new Map<string, boolean>();
  const problems: DryRun['problems'] = [];
  for (const { id, step } of plan.steps.values()) {
    if (typeof step.if !== 'string' || !readingOf(step.if).references.every(({ name }) => name === 'input' || name === 'run'))
      continue;
    try {
      skipped.set(
        id,
        !conditionOf(await evaluateTemplate(step.if, { input: inputs, run }, { step: id, field: 'if' }), `${id}.if`),
      );
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      problems.push({ step: id, message: error.message });
    }
  }
  return { skipped, problems };
}

function listed(plan: Plan, ids: string[], skipped: ReadonlyMap<string, boolean>): PlannedOrder[] {
  const show = (order: Order): PlannedOrder[] => {
    if (order.kind === 'series') return order.parts.flatMap(show);
    if (order.kind === 'parallel') return [{ together: order.parts.map(show) }];
    const planned = plan.steps.get(order.id);
    return planned ? [shown(planned)] : [];
  };
  const shown = ({ id, step, lists }: PlannedStep): PlannedOrder => ({
    step: id,
    kind: step.kind,
    title: step.title ?? null,
    skipped: step.if === undefined ? false : (skipped.get(id) ?? null),
    ...(lists.size > 0 && {
      inside: Object.fromEntries([...lists].map(([list, inner]) => [list, listed(plan, inner, skipped)])),
    }),
  });
  return ids.length === 0 ? [] : show(orderOfList(plan, ids));
}
