import type { Plan, PlannedStep } from '../../workflow/plan.ts';
import { keyOf } from '../scope.ts';
import { hasEnded, isPassed, type StepRow } from '../step-row.ts';
import { againFrom, ancestorsOf, successorsOf } from './again.ts';
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
  const rows = of.from === 'start' ? [] : [...of.origin.rows.values()];
  const wanted = rows.filter((row) => isPassed(row) && !again.has(row.id));
  const taken = wanted.filter((row) => problemOf(of, row.id) === undefined && !isReopened(of, row));
  const resumed = rows
    .filter((row) => isUnfinishedCall(row) && !again.has(row.id) && problemOf(of, row.id) === undefined)
    .map(resumedCall);
  const reopened = reopenedGroups(of, rows, [...taken, ...resumed], again);
  const kept = [
    ...resumed,
    ...taken.filter((row) => !reopened.has(row.key)).map((row) => takenOver(of.origin.id, row)),
    ...reopened.values(),
  ];
  return { rows: kept, changes: changesOf(of, wanted, taken), repeats: repeatsOf(of, kept) };
}

/** A group around the chosen step is walked again, though it had passed. */
const isReopened = ({ from }: RerunOf, row: StepRow) =>
  typeof from === 'object' && ancestorsOf(from).some(({ id }) => id === row.id) && row.handler === undefined;

const takenOver = (run: string, { logId: _, events: __, token: ___, ...row }: StepRow): StepRow => ({
  ...row,
  reused: row.reused ?? run,
});

/** A run that was started and did not end well goes on from where it failed, in a run of its own. */
const isUnfinishedCall = (row: StepRow) => row.child !== undefined && !isPassed(row);
const resumedCall = ({ key, id, scope, child }: StepRow): StepRow => ({
  key,
  id,
  scope,
  status: 'pending',
  failures: 0,
  ...(child !== undefined && { resumes: child }),
});

/** Groups that go on with the items, the case and the try they had, since steps inside them are taken over. */
function reopenedGroups(of: RerunOf, rows: StepRow[], taken: StepRow[], again: ReadonlySet<string>): Map<string, StepRow> {
  const needed = new Set(taken.flatMap((row) => ancestorsIn(of.origin.plan, row)));
  const open = rows.filter((row) => needed.has(row.key) && !again.has(row.id) && problemOf(of, row.id) === undefined);
  const closed = open.filter((row) => !isPassed(row) || isReopened(of, row));
  return new Map(
    closed.map(({ key, id, scope, failures, startedAt, tries, case: taken, items, itemCount }) => [
      key,
      {
        key,
        id,
        scope,
        status: 'running',
        failures,
        ...(startedAt !== undefined && { startedAt }),
        ...(tries !== undefined && { tries }),
        ...(taken !== undefined && { case: taken }),
        ...(items && { items, itemCount: itemCount ?? 0 }),
      } satisfies StepRow,
    ]),
  );
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

const placeOf = (planned: PlannedStep): string =>
  `${planned.parent ? `${placeOf(planned.parent)}/${planned.parent.id}` : ''}/${planned.list}`;

function changesOf(of: RerunOf, wanted: StepRow[], taken: StepRow[]): Change[] {
  const ids = new Set(wanted.map(({ id }) => id));
  const unfit = [...ids].flatMap((id) => problemOf(of, id) ?? []);
  const reused = new Set(taken.map(({ id }) => id));
  const fresh = [...of.target.steps.values()]
    .filter(({ id }) => !of.origin.plan.steps.has(id))
    .filter((planned) => [...successorsOf(of.target, planned)].some((id) => reused.has(id)))
    .map(
      ({ id }): Change => ({
        step: id,
        change: 'new',
        message: `Step "${id}" is new before steps that are taken over; it is executed.`,
      }),
    );
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
