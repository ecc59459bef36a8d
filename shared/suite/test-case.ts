import { createHash } from 'node:crypto';
import * as z from 'zod';
import { actor } from '../kernel/actor.ts';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { type Entry, failure, storedIn } from '../run/model/entry.ts';
import { parseKey } from '../run/model/scope.ts';
import { RUN_STATUSES, TEST_MODES } from '../run/model/status.ts';
import type { Values } from '../run/ports.ts';
import type { RecordedAnswer, Recording } from '../run/recorded.ts';
import { kindOf } from '../step/registry.ts';
import type { Plan } from '../workflow/plan.ts';
import { type Differences, differencesOf, SAME, segmentsOf } from './difference.ts';

/** How many tests a workflow may have. */
export const MOST_TESTS = 100;

/** A case made of a run: what goes in, what should come out, and which of that counts. */
export const testCase = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  workflowId: z.string(),
  name: z.string(),
  /** The run that it was made of. */
  runId: z.string(),
  /** Places in the outputs that count; all when there are none. */
  compare: z.array(z.string()),
  /** Places that do not. */
  ignore: z.array(z.string()),
  /** The run whose outputs are what should come out. */
  baseline: z.string(),
  createdAt: z.string(),
  actor,
});
export type TestCase = z.infer<typeof testCase>;

/** What a run came to, as tests compare it. Without secrets. */
export const expectation = z.object({
  status: z.enum(RUN_STATUSES),
  error: failure.optional(),
  outputs: z.unknown(),
  /** Of its first steps: key, status, and a digest of input and output. */
  steps: z.array(z.tuple([z.string(), z.string(), z.string()])),
});
export type Expectation = z.infer<typeof expectation>;

/** One run of the tests of a workflow against one definition. */
export const suiteRun = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  workflowId: z.string(),
  definition: z.string(),
  version: z.int().nullable(),
  mode: z.enum(TEST_MODES),
  tests: z.array(z.string()),
  createdAt: z.string(),
  actor,
});
export type SuiteRun = z.infer<typeof suiteRun>;

/** What a case keeps of its run, in its own place, for as long as it stands. */
export interface Kept {
  inputs: Record<string, unknown>;
  recording: Recording;
  expected: Expectation;
}

export interface Tests {
  /** Writes what it keeps, then the case. */
  add(test: TestCase, kept: Kept): Promise<void>;
  get(workflowId: string, id: string): Promise<TestCase | undefined>;
  /** All of a workflow, oldest first. */
  list(workflowId: string): Promise<TestCase[]>;
  inputsOf(id: string): Promise<Record<string, unknown>>;
  expectedOf(test: TestCase): Promise<Expectation>;
  /** Another run is what should come out from now on; false when the case is gone. */
  accept(test: TestCase, runId: string, expected: Expectation): Promise<boolean>;
  remove(test: TestCase): Promise<void>;
  addRun(run: SuiteRun): Promise<void>;
  run(workflowId: string, id: string): Promise<SuiteRun | undefined>;
}

export const digestOf = (value: unknown) =>
  createHash('sha256')
    .update(canonicalJson(value ?? null))
    .digest('base64url')
    .slice(0, 16);

/** What a run heard from outside, by its journal: of leaves that have an executor, of runs that it started, and the instants of its waits. */
export async function recordingOf(plan: Plan, entries: Entry[], values: Values): Promise<Recording> {
  const answers: Record<string, RecordedAnswer[]> = {};
  const made: Record<string, unknown> = {};
  for (const entry of entries) {
    if (entry.type !== 'step_completed' && entry.type !== 'step_failed' && entry.type !== 'step_retrying') continue;
    const planned = plan.steps.get(parseKey(entry.key).id);
    if (!planned || !reachesOutside(planned.step.kind)) continue;
    const stored = storedIn(entry, 'output');
    answers[entry.key] ??= [];
    answers[entry.key]?.push(
      entry.type === 'step_completed' ? { output: stored ? await values.read(stored) : null } : { error: entry.error },
    );
    if (planned.step.output !== undefined) made[planned.id] = planned.step.output;
  }
  return { answers, made };
}

function reachesOutside(name: string): boolean {
  const kind = kindOf(name);
  return kind.shape === 'call' || (kind.shape === 'leaf' && kind.evaluate === undefined);
}

export interface Verdict {
  outcome: 'same' | 'different' | 'failed';
  message: string | null;
  diff: Differences;
}

/** What came of a case: it failed where it should not have, what counts of its outputs is different, or all of that is the same. */
export function verdictOf(
  { compare, ignore }: Pick<TestCase, 'compare' | 'ignore'>,
  expected: Expectation,
  actual: Expectation,
): Verdict {
  const [should, is] = [endOf(expected), endOf(actual)];
  const diff = differencesOf(expected.outputs, actual.outputs, ignore);
  const counted = { ...diff, items: diff.items.filter(({ path }) => counts(path, compare)) };
  if (should !== is) {
    const failed = actual.status === 'failed' || actual.status === 'timed_out' || actual.status === 'cancelled';
    const outcome = failed && expected.status !== actual.status ? 'failed' : 'different';
    return { outcome, message: `It ended as ${is}; it should have ended as ${should}.`, diff: counted };
  }
  if (counted.items.length === 0) return { outcome: 'same', message: null, diff: SAME };
  return { outcome: 'different', message: null, diff: counted };
}

const endOf = ({ status, error }: Expectation) => (error ? `${status} with ${error.name}: ${error.message}` : status);

/** Whether a place is one that counts, lies in one, or holds one. */
function counts(path: string, compare: string[]): boolean {
  const at = segmentsOf(path);
  return (
    compare.length === 0 ||
    compare.map(segmentsOf).some((one) => {
      const common = Math.min(one.length, at.length);
      return one.slice(0, common).every((segment, place) => segment === '*' || segment === at[place]);
    })
  );
}

/** The first step that came to something else, in the order of the run that was made. */
export function partingOf(expected: Expectation, actual: Expectation): string | null {
  const before = new Map(expected.steps.map(([key, ...rest]) => [key, rest.join()]));
  const parted = actual.steps.find(([key, ...rest]) => before.get(key) !== rest.join());
  if (parted) return parted[0];
  const now = new Set(actual.steps.map(([key]) => key));
  return expected.steps.find(([key]) => !now.has(key))?.[0] ?? null;
}
