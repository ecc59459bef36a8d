import { groupKind } from '../../step/registry.ts';
import { type Plan, type PlannedStep, placeName } from '../../workflow/plan.ts';
import { indexIn, stepKeyOf, tryIn } from '../model/scope.ts';
import type { StepState } from '../model/step-state.ts';
import { againFrom, ancestorsOf, reopenedBy, successorsOf } from './again.ts';
import { inputsReadBy } from './input-readers.ts';

/** A difference that somebody should see before checkpoints of another definition or other inputs are taken over. */
export interface Change {
  step: string;
  change: 'new' | 'gone' | 'kind' | 'moved' | 'inputs';
  message: string;
}

/** What the new run has of a step of the run that it runs again. */
export type Taken =
  /** Its end, with its result. */
  | { kind: 'ended'; step: StepState }
  /** It stands open: steps inside it are taken over. */
  | { kind: 'open'; step: StepState }
  /** The run that it had started goes on, in a run of its own. */
  | { kind: 'resumes'; step: StepState };

export interface RerunPlan {
  /** In the order in which the steps have ended. */
  taken: Taken[];
  changes: Change[];
  /** Steps that say `repeatable: false`, have been executed, and would be once more. */
  repeats: string[];
  /** Runs that steps have started and of which others will take the place. */
  calls: { step: string; child: string; from: 'start' | 'failed' }[];
}

export interface RerunOf {
  origin: { id: string; plan: Plan; steps: ReadonlyMap<string, StepState> };
  /** The definition that the new run follows. */
  target: Plan;
  from: 'start' | 'failed' | PlannedStep;
  /** Names of the inputs that differ. */
  changedInputs: string[];
}

/** What a rerun takes over and what it should be asked about. Pure: nothing is read or started. */
export function planRerun(rerun: RerunOf): RerunPlan {
  const again = typeof rerun.from === 'object' ? againFrom(rerun.target, rerun.from) : new Set<string>();
  const groups = typeof rerun.from === 'object' ? reopenedBy(rerun.from) : [];
  const reopening = new Set(groups.map(({ id }) => id));
  const repeats = groups.filter(({ step }) => groupKind(step.kind).rounds).map(({ id }) => id);
  // In its first round a repeat comes to the step first; all later ones follow from that.
  const isAgain = ({ id, scope }: StepState) => again.has(id) || repeats.some((group) => (indexIn(scope, group) ?? 0) > 0);
  const steps = rerun.from === 'start' ? [] : [...rerun.origin.steps.values()].sort(byEnd).filter((step) => !isAgain(step));
  const fits = (step: StepState) => problemAround(rerun, step.id) === undefined;
  const madeGood = failuresMadeGood(rerun.origin.plan, steps, reopening);
  const wanted = steps.filter((step) => isPassed(step) || madeGood.has(step.key));
  const ended = wanted.filter((step) => fits(step) && !reopening.has(step.id));
  const endedKeys = new Set(ended.map(({ key }) => key));
  const resumed = steps.filter((step) => step.child !== undefined && !isPassed(step) && !endedKeys.has(step.key) && fits(step));
  const open = reopenedGroups(rerun, steps.filter(fits), [...ended, ...resumed]);
  const taken: Taken[] = [
    ...ended.map((step): Taken => ({ kind: 'ended', step })),
    ...open.map((step): Taken => ({ kind: 'open', step: repeats.includes(step.id) ? { ...step, itemCount: 1 } : step })),
    ...resumed.map((step): Taken => ({ kind: 'resumes', step })),
  ];
  return { taken, changes: changesOf(rerun, wanted, ended), repeats: repeatsOf(rerun, ended), calls: callsOf(rerun, taken) };
}

const byEnd = (a: StepState, b: StepState) =>
  (a.endedNumber ?? Number.POSITIVE_INFINITY) - (b.endedNumber ?? Number.POSITIVE_INFINITY);

/** Ended without a failure, in a way that lets what comes after it start. */
const isPassed = ({ status, reason }: StepState) => status === 'succeeded' || (status === 'skipped' && reason === 'condition');

/** Failures that a handler took or another try made good are results like others: what came of them is taken over with them. */
function failuresMadeGood(plan: Plan, steps: StepState[], reopening: ReadonlySet<string>): Set<string> {
  const byKey = new Map(steps.map((step) => [step.key, step]));
  const isTaken = (step: StepState | undefined) => step?.handler !== undefined && !reopening.has(step.id);
  const isMadeGood = (step: StepState) => {
    if (isTaken(step)) return true;
    for (let child = plan.steps.get(step.id), group = child?.parent; child && group; child = group, group = group.parent) {
      // A handler is inside the step whose failure it took, but its own failure is another one.
      if (child.place.kind === 'catch') continue;
      const around = byKey.get(stepKeyOf(group, step.scope));
      if (isTaken(around) || (tryIn(step.scope, group.id) ?? 1) < (around?.tries ?? 1)) return true;
    }
    return false;
  };
  return new Set(steps.filter((step) => step.status === 'failed' && isMadeGood(step)).map(({ key }) => key));
}

/** Groups that go on with the items, the case and the try they had, since steps inside them are taken over. */
function reopenedGroups(rerun: RerunOf, steps: StepState[], taken: StepState[]): StepState[] {
  const needed = new Set(taken.flatMap((step) => ancestorsIn(rerun.origin.plan, step)));
  const known = new Set(taken.map(({ key }) => key));
  return steps.filter(({ key }) => needed.has(key) && !known.has(key));
}

const ancestorsIn = (plan: Plan, step: StepState) => {
  const planned = plan.steps.get(step.id);
  return planned ? ancestorsOf(planned).map((ancestor) => stepKeyOf(ancestor, step.scope)) : [];
};

/** Why the checkpoint of a step does not fit the new definition. */
function problemOf({ origin, target }: RerunOf, id: string): Change | undefined {
  const [old, now] = [origin.plan.steps.get(id), target.steps.get(id)];
  if (!old) return undefined;
  if (!now)
    return { step: id, change: 'gone', message: `Step "${id}" has ended in the earlier run and is no part of this version.` };
  if (old.step.kind !== now.step.kind) {
    return {
      step: id,
      change: 'kind',
      message: `Step "${id}" was ${old.step.kind} and is ${now.step.kind}; it is executed again.`,
    };
  }
  if (placeOf(old) !== placeOf(now))
    return { step: id, change: 'moved', message: `Step "${id}" stands in another group; it is executed again.` };
  return undefined;
}

/** A checkpoint inside a group fits when the group does. */
function problemAround(rerun: RerunOf, id: string): Change | undefined {
  const planned = rerun.origin.plan.steps.get(id);
  const path = planned ? [planned, ...ancestorsOf(planned)] : [];
  return path.map((step) => problemOf(rerun, step.id)).find((problem) => problem !== undefined);
}

const placeOf = (planned: PlannedStep): string =>
  `${planned.parent ? `${placeOf(planned.parent)}/${planned.parent.id}` : ''}/${placeName(planned)}`;

function changesOf(rerun: RerunOf, wanted: StepState[], taken: StepState[]): Change[] {
  const ids = new Set(wanted.map(({ id }) => id));
  const unfit = [...ids].flatMap((id) => problemOf(rerun, id) ?? []);
  const reused = new Set(taken.map(({ id }) => id));
  const fresh = [...rerun.target.steps.values()]
    .filter(({ id }) => !rerun.origin.plan.steps.has(id))
    .flatMap((planned): Change[] => {
      const { id } = planned;
      if (ancestorsOf(planned).some((group) => reused.has(group.id)))
        return [{ step: id, change: 'new', message: `Step "${id}" is new in a group that is taken over; it is not executed.` }];
      if (![...successorsOf(rerun.target, planned)].some((next) => reused.has(next))) return [];
      return [{ step: id, change: 'new', message: `Step "${id}" is new before steps that are taken over; it is executed.` }];
    });
  return [...unfit, ...fresh, ...readersOf(rerun, reused)];
}

/** Steps that are taken over although what they read has changed. */
function readersOf({ target, changedInputs }: RerunOf, reused: ReadonlySet<string>): Change[] {
  return [...reused].flatMap((id) => {
    const planned = target.steps.get(id);
    const read = planned ? inputsReadBy(planned.step) : new Set<string>();
    const names = changedInputs.filter((name) => read.has(name) || read.has('*'));
    if (names.length === 0) return [];
    return [
      {
        step: id,
        change: 'inputs' as const,
        message: `Step "${id}" has read ${names.join(', ')} as it was before; its result is taken over.`,
      },
    ];
  });
}

function repeatsOf({ origin, target }: RerunOf, ended: StepState[]): string[] {
  const keys = new Set(ended.map(({ key }) => key));
  const executed = [...origin.steps.values()].filter(
    ({ key, status, startedAt }) => status !== 'skipped' && startedAt !== undefined && !keys.has(key),
  );
  return [...new Set(executed.filter(({ id }) => target.steps.get(id)?.step.repeatable === false).map(({ id }) => id))];
}

function callsOf({ origin }: RerunOf, taken: Taken[]): RerunPlan['calls'] {
  const byKey = new Map(taken.map((one) => [one.step.key, one.kind]));
  return [...origin.steps.values()].flatMap(({ key, id, child }) => {
    const kind = byKey.get(key);
    if (child === undefined || kind === 'ended') return [];
    return [{ step: id, child, from: kind === 'resumes' ? 'failed' : 'start' }];
  });
}
