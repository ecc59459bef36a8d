import type { Plan, PlannedStep } from '../../workflow/plan.ts';
import { keyOf } from '../scope.ts';
import { standingFailures } from '../standing-failures.ts';
import { hasEnded, isPassed, type StepRow } from '../step-row.ts';
import { againFrom, ancestorsOf, reopenedBy, successorsOf } from './again.ts';
import { inputsReadBy } from './input-readers.ts';

/** A difference that somebody should see before checkpoints of another definition or other inputs are taken over. */
export interface Change {
  step: string;
  change: 'new' | 'gone' | 'kind' | 'moved' | 'inputs';
  message: string;
}

export interface RerunPlan {
  /** Rows that the new run takes over. */
  rows: StepRow[];
  changes: Change[];
  /** Steps that say `repeatable: false`, have been executed, and would be once more. */
  repeats: string[];
  /** Runs that steps have started and of which others will take the place. */
  calls: { step: string; child: string; from: 'start' | 'failed' }[];
}

export interface RerunOf {
  origin: { id: string; plan: Plan; rows: ReadonlyMap<string, StepRow> };
  /** The definition that the new run follows. */
  target: Plan;
  from: 'start' | 'failed' | PlannedStep;
  /** Names of the inputs that differ. */
  changedInputs: string[];
}

/** What a rerun takes over and what it should be asked about. Pure: nothing is read or started. */
export function planRerun(of: RerunOf): RerunPlan {
  const again = typeof of.from === 'object' ? againFrom(of.target, of.from) : new Set<string>();
  const reopening = new Set(typeof of.from === 'object' ? reopenedBy(of.from).map(({ id }) => id) : []);
  const rows = of.from === 'start' ? [] : [...of.origin.rows.values()].sort(byTime).filter(({ id }) => !again.has(id));
  const fits = (row: StepRow) => problemAround(of, row.id) === undefined;
  const madeGood = failuresMadeGood(of.origin.plan, rows, reopening);
  const wanted = rows.filter((row) => isPassed(row) || madeGood.has(row.key));
  const taken = wanted.filter((row) => fits(row) && !reopening.has(row.id));
  const takenKeys = new Set(taken.map(({ key }) => key));
  const resumed = rows
    .filter((row) => row.child !== undefined && !isPassed(row) && !takenKeys.has(row.key) && fits(row))
    .map(resumedCall);
  const reopened = reopenedGroups(of, rows.filter(fits), [...taken, ...resumed]);
  const kept = [...taken.map((row) => takenOver(of.origin.id, row)), ...reopened, ...resumed];
  return { rows: kept, changes: changesOf(of, wanted, taken), repeats: repeatsOf(of, kept), calls: callsOf(of, kept) };
}

/** Lines are told in the order in which they were written. */
const byTime = (a: StepRow, b: StepRow) => (a.logId ?? '').localeCompare(b.logId ?? '');

/** Failures that a handler took or another try made good are results like others: what came of them is taken over with them. */
function failuresMadeGood(plan: Plan, rows: StepRow[], reopening: ReadonlySet<string>): Set<string> {
  const open = rows.map(({ handler, ...row }) => ({
    ...row,
    ...(handler !== undefined && !reopening.has(row.id) && { handler }),
  }));
  const standing = new Set(standingFailures(plan, new Map(open.map((row) => [row.key, row]))).map(({ key }) => key));
  return new Set(rows.filter(({ status, key }) => status === 'failed' && !standing.has(key)).map(({ key }) => key));
}

const takenOver = (run: string, { logId: _, events: __, token: ___, ...row }: StepRow): StepRow => ({
  ...row,
  reused: row.reused ?? run,
});

/** A run that was started and did not end well goes on from where it failed, in a run of its own. */
const resumedCall = ({ key, id, scope, child }: StepRow): StepRow => ({
  key,
  id,
  scope,
  status: 'pending',
  failures: 0,
  ...(child !== undefined && { resumes: child }),
});

/** Groups that go on with the items, the case and the try they had, since steps inside them are taken over. */
function reopenedGroups(of: RerunOf, rows: StepRow[], taken: StepRow[]): StepRow[] {
  const needed = new Set(taken.flatMap((row) => ancestorsIn(of.origin.plan, row)));
  const as = new Set(taken.map(({ key }) => key));
  const closed = rows.filter(({ key }) => needed.has(key) && !as.has(key));
  return closed.map(({ key, id, scope, failures, startedAt, tries, case: way, items, itemCount }) => ({
    key,
    id,
    scope,
    status: 'running',
    failures,
    ...(startedAt !== undefined && { startedAt }),
    ...(tries !== undefined && { tries }),
    ...(way !== undefined && { case: way }),
    ...(items && { items, itemCount: itemCount ?? 0 }),
  }));
}

const ancestorsIn = (plan: Plan, row: StepRow) => {
  const planned = plan.steps.get(row.id);
  return planned ? ancestorsOf(planned).map((ancestor) => keyOf(ancestor, row.scope)) : [];
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
function problemAround(of: RerunOf, id: string): Change | undefined {
  const planned = of.origin.plan.steps.get(id);
  const path = planned ? [planned, ...ancestorsOf(planned)] : [];
  return path.map((step) => problemOf(of, step.id)).find((problem) => problem !== undefined);
}

const placeOf = (planned: PlannedStep): string =>
  `${planned.parent ? `${placeOf(planned.parent)}/${planned.parent.id}` : ''}/${planned.list}`;

function changesOf(of: RerunOf, wanted: StepRow[], taken: StepRow[]): Change[] {
  const ids = new Set(wanted.map(({ id }) => id));
  const unfit = [...ids].flatMap((id) => problemOf(of, id) ?? []);
  const reused = new Set(taken.map(({ id }) => id));
  const fresh = [...of.target.steps.values()]
    .filter(({ id }) => !of.origin.plan.steps.has(id))
    .flatMap((planned): Change[] => {
      const { id } = planned;
      if (ancestorsOf(planned).some((group) => reused.has(group.id)))
        return [{ step: id, change: 'new', message: `Step "${id}" is new in a group that is taken over; it is not executed.` }];
      if (![...successorsOf(of.target, planned)].some((next) => reused.has(next))) return [];
      return [{ step: id, change: 'new', message: `Step "${id}" is new before steps that are taken over; it is executed.` }];
    });
  return [...unfit, ...fresh, ...readersOf(of, reused)];
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

function repeatsOf({ origin, target }: RerunOf, kept: StepRow[]): string[] {
  const keys = new Set(kept.filter(hasEnded).map(({ key }) => key));
  const executed = [...origin.rows.values()].filter(
    ({ key, status, startedAt }) => status !== 'skipped' && startedAt !== undefined && !keys.has(key),
  );
  return [...new Set(executed.filter(({ id }) => target.steps.get(id)?.step.repeatable === false).map(({ id }) => id))];
}

function callsOf({ origin }: RerunOf, kept: StepRow[]): RerunPlan['calls'] {
  const byKey = new Map(kept.map((row) => [row.key, row]));
  return [...origin.rows.values()].flatMap(({ key, id, child }) => {
    const taken = byKey.get(key);
    if (child === undefined || (taken && hasEnded(taken))) return [];
    return [{ step: id, child, from: taken?.resumes === undefined ? 'start' : 'failed' }];
  });
}
