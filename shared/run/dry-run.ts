import { maskOf } from '../mask.ts';
import type { Template } from '../step/kind.ts';
import { kindOf } from '../step/registry.ts';
import { StepError } from '../step/step-error.ts';
import { conditionOf } from '../workflow/condition.ts';
import { evaluateTemplate } from '../workflow/expression.ts';
import { secretsOf } from '../workflow/input-secrets.ts';
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
  return { prepared, order: listed(prepared.plan, prepared.plan.top, foreseen), problems: foreseen.problems };
}

type Foreseen = { skipped: Map<string, boolean>; untaken: Set<string>; problems: DryRun['problems'] };

/** Whoever asked is answered within 29 seconds or not at all. */
const FORESEE_MS = 20_000;

/** Evaluates what reads nothing but the inputs and the run: conditions, the cases of switches, what steps are given. */
async function foresee({ plan, inputs }: Prepared, run: object): Promise<Foreseen> {
  const mask = maskOf(secretsOf(plan.document.input, inputs));
  const foreseen: Foreseen = { skipped: new Map(), untaken: new Set(), problems: [] };
  const signal = AbortSignal.timeout(FORESEE_MS);
  const late = `Not evaluated: the dry run would take longer than ${FORESEE_MS / 1000} seconds.`;
  const ask = async (id: string, look: () => Promise<void>) =>
    look().catch((error: unknown) => {
      if (!(error instanceof StepError || signal.aborted)) throw error;
      foreseen.problems.push({ step: id, message: error instanceof StepError ? mask.text(error.message) : late });
    });
  for (const planned of plan.steps.values()) {
    const { id, step } = planned;
    if (isOut(planned, foreseen)) continue;
    const evaluate = (template: Template, field: string) =>
      evaluateTemplate(template, { input: inputs, run }, { step: id, field }, undefined, { signal });
    if (step.if !== undefined && isKnown(step.if)) {
      await ask(id, async () => {
        foreseen.skipped.set(id, !conditionOf(await evaluate(step.if, 'if'), `${id}.if`));
      });
    }
    if (foreseen.skipped.get(id)) continue;
    await ask(id, async () => {
      const taken = await given(planned, evaluate);
      for (const list of planned.lists.keys())
        if (taken !== undefined && list !== taken && !list.startsWith('catch')) foreseen.untaken.add(`${id}/${list}`);
    });
  }
  return foreseen;
}

/** Evaluates what the step is given, where that is known by now. Answers the case that a switch takes. */
async function given(
  { step }: PlannedStep,
  evaluate: (template: Template, field: string) => Promise<unknown>,
): Promise<string | undefined> {
  const kind = kindOf(step.kind);
  if (kind.shape !== 'group') {
    if (isKnown(step.spec)) await evaluate(step.spec, step.kind);
    return undefined;
  }
  return isKnown(kind.entryTemplates(step.spec as never)) ? (await kind.enter(step.spec as never, evaluate)).case : undefined;
}

const isKnown = (template: Template): boolean =>
  typeof template === 'string'
    ? readingOf(template).references.every(({ name }) => name === 'input' || name === 'run')
    : typeof template !== 'object' || template === null || Object.values(template).every(isKnown);

/** Whether it lies on a path that will surely not be taken. */
const isOut = ({ id, parent, list }: PlannedStep, foreseen: Pick<Foreseen, 'skipped' | 'untaken'>): boolean =>
  foreseen.skipped.get(id) === true ||
  (parent !== null && (foreseen.untaken.has(`${parent.id}/${list}`) || isOut(parent, foreseen)));

function listed(plan: Plan, ids: string[], foreseen: Foreseen): PlannedOrder[] {
  const show = (order: Order): PlannedOrder[] => {
    if (order.kind === 'series') return order.parts.flatMap(show);
    if (order.kind === 'parallel') return [{ together: order.parts.map(show) }];
    const planned = plan.steps.get(order.id);
    return planned ? [shown(planned)] : [];
  };
  const shown = (planned: PlannedStep): PlannedOrder => ({
    step: planned.id,
    kind: planned.step.kind,
    title: planned.step.title ?? null,
    skipped: isOut(planned, foreseen) || (planned.step.if === undefined ? false : (foreseen.skipped.get(planned.id) ?? null)),
    ...(planned.lists.size > 0 && {
      inside: Object.fromEntries([...planned.lists].map(([list, inner]) => [list, listed(plan, inner, foreseen)])),
    }),
  });
  return ids.length === 0 ? [] : show(orderOfList(plan, ids));
}
