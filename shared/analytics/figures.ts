import { inCredits } from '../usage/credits.ts';
import { addTo, type Counts, STEP_CREDITS } from './contribution.ts';
import type { ReadRow } from './counters.ts';
import { type Durations, quantileOf } from './durations.ts';

/** What became of runs that have ended, in numbers. */
export interface RunFigures {
  runs: number;
  succeeded: number;
  failed: number;
  timedOut: number;
  stopped: number;
  skipped: number;
  /** Of those that came to an end of their own; absent when there were none. */
  successRate?: number | undefined;
  /** The share of those that succeeded without a person having helped. */
  unaidedRate?: number | undefined;
  stepsExecuted: number;
  retries: number;
  p50Ms?: number | undefined;
  p95Ms?: number | undefined;
  slowestMs?: number | undefined;
}

export interface StepFigures {
  stepId: string;
  executed: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  failureShare?: number | undefined;
  retries: number;
  credits: number;
  p50Ms?: number | undefined;
  p95Ms?: number | undefined;
  slowestMs?: number | undefined;
}

/** A kind of failure, and when it was seen. */
export interface FailureFigures {
  fingerprint: string;
  projectId: string;
  workflowId: string;
  stepId?: string | undefined;
  error: { name: string; message: string };
  count: number;
  firstAt?: string | undefined;
  lastAt?: string | undefined;
  sampleRunId?: string | undefined;
}

export const totalOf = (rows: Iterable<Pick<ReadRow, 'counts'>>): Counts => {
  const sum: Counts = {};
  for (const { counts } of rows) addTo(sum, counts);
  return sum;
};

export function runFigures(counts: Counts): RunFigures {
  const { succeeded = 0, failed = 0, timed_out: timedOut = 0, cancelled: stopped = 0, skipped = 0 } = counts;
  const { unaided = 0, steps: stepsExecuted = 0, retries = 0 } = counts;
  const settled = succeeded + failed + timedOut;
  return {
    runs: settled + stopped + skipped,
    succeeded,
    failed,
    timedOut,
    stopped,
    skipped,
    successRate: shareOf(succeeded, settled),
    unaidedRate: shareOf(unaided, settled),
    stepsExecuted,
    retries,
    ...quantilesOf(counts),
  };
}

/** By step; those that fail most often first. */
export function stepFigures(counts: Counts): StepFigures[] {
  const bySteps = new Map<string, Counts>();
  for (const [name, value] of Object.entries(counts)) {
    const at = name.indexOf('.');
    const step = name.slice(0, at);
    bySteps.set(step, { ...bySteps.get(step), [name.slice(at + 1)]: value });
  }
  return [...bySteps]
    .map(([stepId, ofStep]): StepFigures => {
      const { succeeded = 0, failed = 0, cancelled = 0, retries = 0 } = ofStep;
      const executed = succeeded + failed + cancelled;
      return {
        stepId,
        executed,
        succeeded,
        failed,
        cancelled,
        failureShare: shareOf(failed, executed),
        retries,
        credits: inCredits(ofStep[STEP_CREDITS] ?? 0),
        ...quantilesOf(ofStep),
      };
    })
    .toSorted((a, b) => b.failed - a.failed || b.executed - a.executed || order(a.stepId, b.stepId));
}

/** By fingerprint; the most frequent first. */
export function failureFigures(rows: Iterable<ReadRow>): FailureFigures[] {
  const byFingerprint = new Map<string, FailureFigures>();
  for (const { name, counts, seen } of rows) {
    if (name.of !== 'failure') continue;
    const { fingerprint, project: projectId, workflowId } = name;
    const sum = byFingerprint.get(fingerprint) ?? {
      fingerprint,
      projectId,
      workflowId,
      error: { name: '', message: '' },
      count: 0,
    };
    sum.count += counts['count'] ?? 0;
    if (seen?.first !== undefined && !(sum.firstAt !== undefined && sum.firstAt < seen.first)) sum.firstAt = seen.first;
    if (seen?.last !== undefined && !(sum.lastAt !== undefined && sum.lastAt > seen.last)) {
      sum.lastAt = seen.last;
      sum.stepId = seen.step;
      sum.sampleRunId = seen.runId;
      sum.error = { name: seen.name ?? '', message: seen.message ?? '' };
    }
    byFingerprint.set(fingerprint, sum);
  }
  return [...byFingerprint.values()]
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count || order(b.lastAt ?? '', a.lastAt ?? ''));
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const shareOf = (part: number, whole: number) => (whole > 0 ? part / whole : undefined);

function quantilesOf(counts: Counts) {
  const durations: Durations = new Map(
    Object.entries(counts).flatMap(([name, count]) => (/^d\d+$/.test(name) ? [[Number(name.slice(1)), count] as const] : [])),
  );
  return { p50Ms: quantileOf(durations, 0.5), p95Ms: quantileOf(durations, 0.95), slowestMs: quantileOf(durations, 1) };
}
