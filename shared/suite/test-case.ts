import { createHash } from 'node:crypto';
import * as z from 'zod';
import { actor } from '../kernel/actor.ts';
import { canonicalJson } from '../kernel/canonical-json.ts';
import type { Page, PageOf } from '../kernel/page.ts';
import { type Entry, failure, storedIn } from '../run/model/entry.ts';
import { parseKey } from '../run/model/scope.ts';
import { RUN_STATUSES, TEST_MODES } from '../run/model/status.ts';
import type { Values } from '../run/ports.ts';
import type { RecordedAnswer, Recording } from '../run/recorded.ts';
import { kindOf } from '../step/registry.ts';
import type { Plan } from '../workflow/plan.ts';
import { type Differences, differences, differencesOf, SAME, segmentsOf } from './difference.ts';

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
  /** Copies of the files that its run was given. */
  files: z.array(z.string()).default([]),
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

export const OUTCOMES = ['running', 'same', 'different', 'failed'] as const;
type Outcome = (typeof OUTCOMES)[number];

/** What came of a case by now. */
export const caseResult = z.object({
  testId: z.string(),
  name: z.string().nullable(),
  outcome: z.enum(OUTCOMES),
  runId: z.string().nullable(),
  message: z.string().nullable(),
  /** Key of the first step that came to something else. */
  partsAt: z.string().nullable(),
  /** As much of it as anybody reads. */
  diff: differences,
  /** What was asked of the case, as `askedOf` says it; null when it was gone. */
  asked: z.string().nullable(),
});
export type CaseResult = z.infer<typeof caseResult>;

const WORST = ['failed', 'different', 'running'] as const;

/** The worst of its cases. */
export const worstOf = (results: Pick<CaseResult, 'outcome'>[]): Outcome =>
  WORST.find((outcome) => results.some((one) => one.outcome === outcome)) ?? 'same';

/** What is asked of a case, in one word: another one when somebody has changed that. */
export const askedOf = ({ baseline, compare, ignore }: Pick<TestCase, 'baseline' | 'compare' | 'ignore'>) =>
  digestOf([baseline, compare, ignore]);

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
  /** The results, once all of them are in: the name that they are kept under, and the worst of them. */
  settled: z.object({ name: z.string(), outcome: z.enum(OUTCOMES) }).optional(),
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

/** The promise that the same request runs the tests once. */
export interface SuiteKey {
  hash: string;
  bodyHash: string;
}

export interface Tests {
  /** Writes what it keeps, then the case, once; false when the workflow has as many as it may, and nothing is kept. */
  add(test: TestCase, kept: Kept): Promise<boolean>;
  get(workflowId: string, id: string): Promise<TestCase | undefined>;
  /** All of a workflow, oldest first. */
  list(workflowId: string): Promise<TestCase[]>;
  inputsOf(id: string): Promise<Record<string, unknown>>;
  expectedOf(test: TestCase): Promise<Expectation>;
  /** Another run is what should come out from now on; false when the case is gone. */
  accept(test: TestCase, runId: string, expected: Expectation): Promise<boolean>;
  /** Writes its name, and what counts; false when it is gone. */
  change(seen: TestCase, next: TestCase): Promise<boolean>;
  remove(test: TestCase): Promise<void>;
  /** Writes a run of the tests. With a key that was used before it answers the run that was made under it. */
  addRun(run: SuiteRun, key?: SuiteKey): Promise<{ earlier?: { runId: string; bodyHash: string } }>;
  /** The run that was made under that key. */
  runUnder(workflowId: string, key: SuiteKey): Promise<{ runId: string; bodyHash: string } | undefined>;
  run(workflowId: string, id: string): Promise<SuiteRun | undefined>;
  /** Of a workflow, newest first. */
  runs(workflowId: string, page: PageOf): Promise<Page<SuiteRun>>;
  /** Keeps the results of all its cases; false when others are kept since `seen` was read. */
  settle(seen: SuiteRun, results: CaseResult[]): Promise<boolean>;
  /** The results that are kept; undefined while none are. */
  settledOf(run: SuiteRun): Promise<CaseResult[] | undefined>;
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
  outcome: Exclude<Outcome, 'running'>;
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
