import { notFound, Problem } from '../kernel/problem.ts';
import { Journal } from '../run/journal/journal.ts';
import type { EntryValue } from '../run/model/entry.ts';
import type { Run } from '../run/model/run.ts';
import { attemptsOf } from '../run/model/step-state.ts';
import { bytesOf, type Stored } from '../run/model/stored.ts';
import type { EngineServices } from '../run/ports.ts';
import { type ShownStep, stepsOf } from '../run/read/read-context.ts';
import { ShownValues } from '../run/shown/shown-values.ts';
import { type Differences, differencesOf, SAME } from './difference.ts';

/** What a step came to in one of two runs. */
export interface StepSide {
  status: ShownStep['status'];
  reason: ShownStep['reason'];
  attempts: number;
  durationMs: number | null;
  error: { name: string; message: string } | null;
}

/** A step of two runs side by side; null where the run has no such step. */
export interface ComparedStep {
  key: string;
  scope: string;
  step: string;
  a: StepSide | null;
  b: StepSide | null;
  /** Status, error, input and output are; how long it took is not asked. */
  same: boolean;
  input: Differences;
  output: Differences;
}

export interface ComparedRuns {
  inputs: Differences;
  outputs: Differences;
  steps: ComparedStep[];
  next: string | undefined;
}

export interface ComparePage {
  limit: number;
  /** Key of the step behind which to go on. */
  after?: string | undefined;
}

/** A page of steps is over when so much of their values has been read. */
const READ_BYTES = 16 * 1024 * 1024;

type Reader = EngineServices;

/** Two runs step by step: in the order of the second, then what only the first has. Values are as people may see them: without secrets. */
export async function compareRuns(reader: Reader, a: Run, b: Run, { limit, after }: ComparePage): Promise<ComparedRuns> {
  const sides = await Promise.all([Side.of(reader, a), Side.of(reader, b)]);
  const rest = behind(keysOf(...sides), after);
  const steps: ComparedStep[] = [];
  let bytes = 0;
  for (const key of rest) {
    const { step, read } = await comparedStep(key, ...sides);
    steps.push(step);
    bytes += read;
    if (steps.length >= limit || bytes >= READ_BYTES) break;
  }
  const [inputs, outputs] = await Promise.all([
    ofBoth(sides, (side) => side.values.inputs()),
    ofBoth(sides, (side) => side.values.outputs()),
  ]);
  return { inputs, outputs, steps, next: steps.length < rest.length ? steps.at(-1)?.key : undefined };
}

async function ofBoth([a, b]: [Side, Side], read: (side: Side) => Promise<unknown>): Promise<Differences> {
  const [before, after] = await Promise.all([read(a), read(b)]);
  return differencesOf(before, after);
}

const keysOf = (a: Side, b: Side): string[] => [...new Set([...b.steps.keys(), ...a.steps.keys()])];

function behind(keys: string[], after: string | undefined): string[] {
  if (after === undefined) return keys;
  const at = keys.indexOf(after);
  if (at >= 0) return keys.slice(at + 1);
  throw new Problem('invalid', 'The continuation_token is not one of this comparison. Begin again.', [
    { name: 'continuation_token', value: after },
  ]);
}

/** One of two runs: its steps by their keys, and their values. */
class Side {
  readonly steps: ReadonlyMap<string, ShownStep>;
  readonly values: ShownValues;
  readonly #journal: Journal;

  private constructor(journal: Journal, values: ShownValues) {
    this.#journal = journal;
    this.values = values;
    this.steps = new Map(stepsOf(journal.state).map((step) => [step.key, step]));
  }

  static async of(reader: Reader, run: Run): Promise<Side> {
    const [plan, loaded, values] = await Promise.all([
      reader.definitions.planOf(run.workflowId, run.definition),
      reader.runs.load(run.id),
      ShownValues.of(reader, run),
    ]);
    if (!loaded) throw notFound('run', run.id);
    return new Side(new Journal(reader, plan, loaded), values);
  }

  stored(key: string, name: Extract<EntryValue, 'input' | 'output'>): Promise<Stored | undefined> {
    const state = this.steps.get(key)?.state;
    return this.#journal.stored(name === 'input' ? state?.inputAt : state?.outputAt, name);
  }
}

async function comparedStep(key: string, a: Side, b: Side): Promise<{ step: ComparedStep; read: number }> {
  const [left, right] = [a.steps.get(key), b.steps.get(key)];
  const input = await valuesOf(key, 'input', a, b);
  const output = await valuesOf(key, 'output', a, b);
  const { scope, planned } = (right ?? left) as ShownStep;
  const [before, after] = [left ? sideOf(left) : null, right ? sideOf(right) : null];
  const same = isSameEnd(before, after) && input.found.items.length === 0 && output.found.items.length === 0;
  return {
    step: { key, scope, step: planned.id, a: before, b: after, same, input: input.found, output: output.found },
    read: input.read + output.read,
  };
}

async function valuesOf(key: string, name: 'input' | 'output', a: Side, b: Side): Promise<{ found: Differences; read: number }> {
  const [before, after] = await Promise.all([a.stored(key, name), b.stored(key, name)]);
  if (!before && !after) return { found: SAME, read: 0 };
  const [left, right] = await Promise.all([before && a.values.whole(before), after && b.values.whole(after)]);
  // A step that has not come so far has nothing there, which is not null.
  const found = differencesOf(before ? [left] : [], after ? [right] : []);
  const items = found.items.map(({ path, ...sides }) => ({ path: path.slice('/0'.length), ...sides }));
  return { found: { ...found, items }, read: (before ? bytesOf(before) : 0) + (after ? bytesOf(after) : 0) };
}

const isSameEnd = (a: StepSide | null, b: StepSide | null) =>
  a?.status === b?.status &&
  a?.reason === b?.reason &&
  a?.error?.name === b?.error?.name &&
  a?.error?.message === b?.error?.message;

function sideOf({ status, reason, state }: ShownStep): StepSide {
  const { startedAt, endedAt, error } = state ?? {};
  return {
    status,
    reason,
    attempts: state ? attemptsOf(state) : 0,
    durationMs: startedAt !== undefined && endedAt !== undefined ? Date.parse(endedAt) - Date.parse(startedAt) : null,
    error: error ? { name: error.name, message: error.message } : null,
  };
}
