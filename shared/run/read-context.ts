import { notFound } from '../problem.ts';
import type { Plan } from '../workflow/plan.ts';
import { cutValue, GLIMPSE_BYTES, SHOWN_BYTES } from './cut-value.ts';
import type { Engine } from './ports.ts';
import type { Run, Stored } from './run.ts';
import { type ShownValues, wholeOf } from './shown-values.ts';
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

/** Input and output of a step that was asked for alone: cut only where an answer could not hold them. */
export async function valuesOf(values: ShownValues, run: Run, { key, row }: StepState) {
  const show = async (name: 'inputs' | 'outputs', value: Stored | undefined) =>
    value === undefined ? null : cutValue(await values.whole(value), SHOWN_BYTES, wholeOf(run.id, name, key));
  const [input, output] = await Promise.all([show('inputs', row?.input), show('outputs', row?.output)]);
  return { input, output };
}

/** The same for every step at once: cut like the data of the log, and further the more there are. */
export function glimpsesOf(values: ShownValues, run: Run, states: StepState[]) {
  const limit = Math.min(GLIMPSE_BYTES, Math.floor(SHOWN_BYTES / (2 * Math.max(1, states.length))));
  const show = (key: string, name: 'inputs' | 'outputs', value: Stored | undefined) =>
    value === undefined ? null : values.glimpse(value, limit, wholeOf(run.id, name, key));
  return states.map(({ key, row }) => ({ input: show(key, 'inputs', row?.input), output: show(key, 'outputs', row?.output) }));
}

/** The states asked for: all, or the one under `key`. */
export function pickStates(states: StepState[], key: string | undefined): StepState[] {
  if (key === undefined) return states;
  const found = states.filter((state) => state.key === key);
  if (found.length === 0) throw notFound('step', key);
  return found;
}
