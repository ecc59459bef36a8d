import type { Run } from '../run/model/run.ts';
import { inTurns } from './select.ts';
import type { Work } from './verb.ts';

/** What a job would do. */
export interface JobDryRun {
  total: number;
  /** How many it would act on. */
  would: number;
  /** False when time did not allow to look at all of them: the numbers are of those that were looked at. */
  exact: boolean;
  looked: number;
  /** The first of those that it would act on. */
  sample: Run[];
  exclusions: { reason: string; count: number }[];
}

const SAMPLE = 10;
const LOOKS_AT_ONCE = 25;

/** Decides on all of them as the job would, and acts on none. */
export async function dryRun(work: Work, pages: AsyncIterable<Run[]>, until: () => boolean): Promise<JobDryRun> {
  const reasons = new Map<string, number>();
  const result: JobDryRun = { total: 0, would: 0, exact: true, looked: 0, sample: [], exclusions: [] };
  for await (const runs of pages) {
    result.total += runs.length;
    for (let at = 0; at < runs.length; at += LOOKS_AT_ONCE) {
      if (until()) {
        result.exact = false;
        break;
      }
      const some = runs.slice(at, at + LOOKS_AT_ONCE);
      const excluded = await inTurns(some, LOOKS_AT_ONCE, (run) => work.exclusion(run.id, run));
      result.looked += some.length;
      for (const [place, run] of some.entries()) count(result, reasons, run, excluded[place]);
    }
  }
  const byCount = [...reasons].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count);
  return { ...result, exclusions: byCount };
}

function count(result: JobDryRun, reasons: Map<string, number>, run: Run, reason: string | undefined): void {
  if (reason !== undefined) {
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    return;
  }
  result.would += 1;
  if (result.sample.length < SAMPLE) result.sample.push(run);
}
