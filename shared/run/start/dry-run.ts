import { conditionOf } from '../../expression/condition.ts';
import { evaluateTemplate } from '../../expression/expression.ts';
import { secretsOf } from '../../expression/input-secrets.ts';
import { readingOf } from '../../expression/references.ts';
import type { Template } from '../../expression/template.ts';
import { maskOf } from '../../kernel/mask.ts';
import { StepError } from '../../kernel/step-error.ts';
import { partedSpec } from '../../step/late-keys.ts';
import { kindOf } from '../../step/registry.ts';
import { type Plan, type PlannedStep, plannedIn } from '../../workflow/plan.ts';
import { listsInside } from '../../workflow/plan-of.ts';
import { type Prepared, prepareRun, startable } from './prepare-run.ts';
import type { StartRequest, StartServices } from './start-request.ts';

/** A step as it would be taken: when those of its list that it needs have ended. */
export interface ForeseenStep {
  step: string;
  kind: string;
  title: string | null;
  needs: string[];
  /** Null when only the run will tell. */
  skipped: boolean | null;
  /** By branch, and by handler: `catch[0]`. */
  inside?: Record<string, ForeseenStep[]>;
}

export interface DryRun {
  prepared: Prepared;
  steps: ForeseenStep[];
  /** Expressions that would fail with these inputs. */
  problems: { step: string; message: string }[];
}

/** What a start would do, without doing it: the same checks, then the steps in their order with the conditions that can be known. */
export async function dryRun(services: StartServices, request: StartRequest): Promise<DryRun> {
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
  return { prepared, steps: listed(prepared.plan, prepared.plan.top, foreseen), problems: foreseen.problems };
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
      for (const branch of planned.branches.keys())
        if (taken !== undefined && branch !== taken) foreseen.untaken.add(`${id}/${branch}`);
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
    const { early } = kind.shape === 'leaf' ? partedSpec(kind, step.spec) : { early: step.spec };
    if (isKnown(early)) await evaluate(early, step.kind);
    return undefined;
  }
  return isKnown(kind.entryTemplates(step.spec as never)) ? (await kind.enter(step.spec as never, evaluate)).case : undefined;
}

const isKnown = (template: Template): boolean =>
  typeof template === 'string'
    ? readingOf(template).references.every(({ name }) => name === 'input' || name === 'run')
    : typeof template !== 'object' || template === null || Object.values(template).every(isKnown);

/** Whether it lies on a path that will surely not be taken. */
const isOut = ({ id, parent, place }: PlannedStep, foreseen: Pick<Foreseen, 'skipped' | 'untaken'>): boolean =>
  foreseen.skipped.get(id) === true ||
  (parent !== null &&
    ((place.kind === 'branch' && foreseen.untaken.has(`${parent.id}/${place.name}`)) || isOut(parent, foreseen)));

const listed = (plan: Plan, ids: string[], foreseen: Foreseen): ForeseenStep[] =>
  ids.map((id) => {
    const planned = plannedIn(plan, id);
    const { step, needs } = planned;
    const inside = listsInside(planned).map(({ place, ids: inner }) => [
      place.kind === 'branch' ? place.name : `catch[${place.index}]`,
      listed(plan, inner, foreseen),
    ]);
    return {
      step: id,
      kind: step.kind,
      title: step.title ?? null,
      needs,
      skipped: isOut(planned, foreseen) || (step.if === undefined ? false : (foreseen.skipped.get(id) ?? null)),
      ...(inside.length > 0 && { inside: Object.fromEntries(inside) }),
    };
  });
