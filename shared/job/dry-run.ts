import { inTurns } from './select.ts';
import type { Work } from './verb.ts';

/** What a job would do. */
export interface JobDryRun<Subject> {
  total: number;
  /** How many it would act on. */
  would: number;
  /** False when time did not allow to look at all of them: the numbers are of those that were looked at. */
  exact: boolean;
  looked: number;
  /** The first of those that it would act on. */
  sample: Subject[];
  exclusions: { reason: string; count: number }[];
}

const SAMPLE = 10;
const LOOKS_AT_ONCE = 25;

/** Decides on all of them as the job would, and acts on none. */
export async function dryRun<Subject extends { id: string }>(
  work: Work<Subject>,
  pages: AsyncIterable<Subject[]>,
  until: () => boolean,
): Promise<JobDryRun<Subject>> {
  const reasons = new Map<string, number>();
  const result: JobDryRun<Subject> = { total: 0, would: 0, exact: true, looked: 0, sample: [], exclusions: [] };
  for await (const page of pages) {
    result.total += page.length;
    for (let at = 0; at < page.length; at += LOOKS_AT_ONCE) {
      if (until()) {
        result.exact = false;
        break;
      }
      const some = page.slice(at, at + LOOKS_AT_ONCE);
      const excluded = await inTurns(some, LOOKS_AT_ONCE, (one) => work.exclusion(one.id, one));
      result.looked += some.length;
      for (const [place, one] of some.entries()) count(result, reasons, one, excluded[place]);
    }
  }
  const byCount = [...reasons].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count);
  return { ...result, exclusions: byCount };
}

function count<Subject>(
  result: JobDryRun<Subject>,
  reasons: Map<string, number>,
  one: Subject,
  reason: string | undefined,
): void {
  if (reason !== undefined) {
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    return;
  }
  result.would += 1;
  if (result.sample.length < SAMPLE) result.sample.push(one);
}
