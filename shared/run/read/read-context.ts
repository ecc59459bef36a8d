import { notFound, Problem } from '../../kernel/problem.ts';
import { kindOf } from '../../step/registry.ts';
import { type PlannedStep, plannedIn } from '../../workflow/plan.ts';
import { Journal } from '../journal/journal.ts';
import type { Run } from '../model/run.ts';
import { itemScope } from '../model/scope.ts';
import type { RunState } from '../model/state.ts';
import type { StepState, StepStatus } from '../model/step-state.ts';
import type { EngineServices } from '../ports.ts';
import { cutValue, GLIMPSE_BYTES, SHOWN_BYTES } from '../shown/cut-value.ts';
import { type ShownValues, wholeOf } from '../shown/shown-values.ts';

/** A step as the context shows it. */
export interface ShownStep {
  planned: PlannedStep;
  key: string;
  scope: string;
  status: StepStatus;
  reason: 'condition' | 'blocked' | null;
  /** As far as it has come; undefined when it has not begun. */
  state: StepState | undefined;
}

export interface ContextFilter {
  limit: number;
  /** Key behind which to go on. */
  after?: string | undefined;
  key?: string | undefined;
  scope?: string | undefined;
  status?: StepStatus | undefined;
}

export interface ContextPage {
  steps: (ShownStep & { input: unknown; output: unknown })[];
  next: string | undefined;
}

/**
 * A page of the steps of a run in the order of the document, with their values: cut only where an answer could not hold them when one step alone was
 * asked for, else like those of the log, and further the more there are.
 */
export async function readContext(
  reader: EngineServices,
  values: ShownValues,
  run: Run,
  filter: ContextFilter,
): Promise<ContextPage> {
  const journal = await journalOf(reader, run);
  const all = stepsOf(journal.state);
  if (filter.key !== undefined && !all.some(({ key }) => key === filter.key)) throw notFound('step', filter.key);
  const rest = behind(all, filter.after).filter((step) => fits(step, filter));
  const page = rest.slice(0, filter.limit);
  const alone = filter.key !== undefined;
  const limit = alone ? SHOWN_BYTES : Math.min(GLIMPSE_BYTES, Math.floor(SHOWN_BYTES / (2 * Math.max(1, page.length))));
  await journal.entries(page.flatMap(({ state }) => [state?.inputAt, state?.outputAt].filter((number) => number !== undefined)));
  const show = async (key: string, number: number | undefined, name: 'input' | 'output') => {
    const value = await journal.stored(number, name);
    const whole = wholeOf(run.id, `${name}s`, key);
    if (!value) return null;
    return alone ? cutValue(await values.whole(value), limit, whole) : values.glimpse(value, limit, whole);
  };
  const steps = await Promise.all(
    page.map(async (step) => ({
      ...step,
      input: await show(step.key, step.state?.inputAt, 'input'),
      output: await show(step.key, step.state?.outputAt, 'output'),
    })),
  );
  return { steps, next: rest.length > page.length ? page.at(-1)?.key : undefined };
}

function behind(steps: ShownStep[], key: string | undefined): ShownStep[] {
  if (key === undefined) return steps;
  const at = steps.findIndex((step) => step.key === key);
  if (at >= 0) return steps.slice(at + 1);
  throw new Problem('invalid', 'The continuation_token is not one of this list, or its step is in it no more. Begin again.', [
    { name: 'continuation_token', value: key },
  ]);
}

const fits = ({ key, scope, status }: ShownStep, filter: ContextFilter) =>
  (filter.key === undefined || key === filter.key) &&
  (filter.scope === undefined || scope.startsWith(filter.scope)) &&
  (filter.status === undefined || status === filter.status);

/** The whole input or output of a step, as people may see it. */
export async function readStepValue(
  reader: EngineServices,
  values: ShownValues,
  run: Run,
  key: string,
  name: 'inputs' | 'outputs',
): Promise<unknown> {
  const journal = await journalOf(reader, run);
  const step = stepsOf(journal.state).find((one) => one.key === key);
  if (!step) throw notFound('step', key);
  const stored =
    name === 'inputs' ? await journal.stored(step.state?.inputAt, 'input') : await journal.stored(step.state?.outputAt, 'output');
  return stored ? values.whole(stored) : null;
}

async function journalOf(reader: EngineServices, run: Run): Promise<Journal> {
  const [plan, loaded] = await Promise.all([reader.definitions.planOf(run.workflowId, run.definition), reader.runs.load(run.id)]);
  if (!loaded) throw notFound('run', run.id);
  return new Journal(reader, plan, loaded);
}

/** How a list lies: entered, not yet, or on a way that was not taken. */
type Way = 'entered' | 'ahead' | 'untaken';

/** Every step of a run in its place, in the order of the document; of loops, the items that have been entered. */
export function stepsOf(state: RunState): ShownStep[] {
  const found: ShownStep[] = [];
  const seen = new Set<string>();
  const list = (ids: string[], scope: string, way: Way) => {
    for (const id of ids) step(plannedIn(state.plan, id), scope, way);
  };
  const step = (planned: PlannedStep, scope: string, way: Way) => {
    const known = state.step(scope + planned.id);
    add(shown(state, planned, scope, known, way));
    const inside = wayInside(known, way);
    const inner = state.innerScope(planned, scope);
    const kind = planned.branches.size > 0 ? kindOf(planned.step.kind) : undefined;
    for (const [name, ids] of planned.branches) {
      if (kind?.shape === 'group' && kind.loops) {
        for (let index = 0; index < state.loopOf(planned, scope).next; index += 1)
          list(ids, itemScope(inner, planned.id, index), inside);
      } else list(ids, inner, known?.case !== undefined && known.case !== name ? 'untaken' : inside);
    }
    for (const [index, ids] of planned.handlers.entries()) list(ids, scope, known?.handler === index ? 'entered' : 'untaken');
  };
  const add = (one: ShownStep) => {
    seen.add(one.key);
    found.push(one);
  };
  list(state.plan.top, '', 'entered');
  // Earlier tries of groups.
  for (const { key, id, scope } of state.steps.values())
    if (!seen.has(key)) add(shown(state, plannedIn(state.plan, id), scope, state.step(key), 'entered'));
  return found;
}

function wayInside(known: StepState | undefined, way: Way): Way {
  if (way === 'untaken' || (known?.status === 'skipped' && known.reason === 'condition')) return 'untaken';
  return known === undefined ? 'ahead' : way;
}

function shown(state: RunState, planned: PlannedStep, scope: string, known: StepState | undefined, way: Way): ShownStep {
  const base = { planned, key: scope + planned.id, scope, state: known };
  if (known) return { ...base, status: known.status, reason: known.reason ?? null };
  if (way === 'untaken') return { ...base, status: 'skipped', reason: 'condition' };
  return state.ended ? { ...base, status: 'skipped', reason: 'blocked' } : { ...base, status: 'pending', reason: null };
}
