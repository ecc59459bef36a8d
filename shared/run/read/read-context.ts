import { notFound } from '../problem.ts';
import type { Plan } from '../workflow/plan.ts';
import type { Engine } from './ports.ts';
import { dataOf } from './read-log.ts';
import type { Run, Stored } from './run.ts';
import { isTerminal } from './status.ts';
import { STEP_STATUSES, type StepRow, type StepStatus } from './step-row.ts';
import { type Surveyed, survey } from './survey.ts';

type Reader = Pick<Engine, 'runs' | 'values' | 'definitions'>;

/** A step as the context shows it. */
export interface StepState {
  planned: Surveyed['planned'];
  key: string;
  scope: string;
  status: StepStatus;
  reason: 'condition' | 'blocked' | null;
  row: StepRow | undefined;
}

/** Every step of a run: what its row says, or what follows from its place when it has none. */
export async function stepStates({ runs, definitions }: Reader, run: Run): Promise<StepState[]> {
  const [plan, rows] = await Promise.all([definitions.planOf(run.workflowId, run.definition), runs.steps(run.id)]);
  return statesFrom(plan, rows, run);
}

/** The same from rows that have been read. */
export function statesFrom(plan: Plan, rows: StepRow[], run: Run): StepState[] {
  return survey(plan, new Map(rows.map((row) => [row.key, row])))
    .filter(({ place }) => place !== 'queued')
    .map(({ planned, scope, key, row, place }) => ({ planned, scope, key, row, ...stateOf(run, row, place) }));
}

function stateOf(run: Run, row: StepRow | undefined, place: Surveyed['place']): Pick<StepState, 'status' | 'reason'> {
  if (row) return { status: row.status, reason: row.reason ?? null };
  if (place === 'untaken') return { status: 'skipped', reason: 'condition' };
  return isTerminal(run.status) ? { status: 'skipped', reason: 'blocked' } : { status: 'pending', reason: null };
}

/** How many steps are in each state. */
export function countSteps(states: StepState[]): Record<'total' | StepStatus, number> {
  const count = (status: StepStatus) => states.filter((state) => state.status === status).length;
  return {
    total: states.length,
    ...(Object.fromEntries(STEP_STATUSES.map((status) => [status, count(status)])) as Record<StepStatus, number>),
  };
}

/** Input and output of a step: whole when it alone was asked for, else cut like the data of the log. */
export async function valuesOf({ values }: Reader, run: Run, { key, row }: StepState, whole: boolean) {
  const show = async (value: Stored | undefined) =>
    value === undefined ? null : whole ? values.read(value) : dataOf(run.id, key, value);
  const [input, output] = await Promise.all([show(row?.input), show(row?.output)]);
  return { input, output };
}

/** The states asked for: all, or the one under `key`. */
export function pickStates(states: StepState[], key: string | undefined): StepState[] {
  if (key === undefined) return states;
  const found = states.filter((state) => state.key === key);
  if (found.length === 0) throw notFound('step', key);
  return found;
}
