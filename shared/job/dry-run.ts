import { inTurns } from './select.ts';
import type { Loss, Work } from './verb.ts';

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
  /** Of a verb after which they are gone: what goes with those that it would act on, and the tests that were made of them. */
  loss?: Loss | undefined;
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
  const loss = work.loss && { comments: 0, values: 0, valueBytes: 0, tests: [] };
  const result: JobDryRun<Subject> = { total: 0, would: 0, exact: true, looked: 0, sample: [], exclusions: [], loss };
  for await (const page of pages) {
    result.total += page.length;
    for (let at = 0; at < page.length; at += LOOKS_AT_ONCE) {
      if (until()) {
        result.exact = false;
        break;
      }
      const some = page.slice(at, at + LOOKS_AT_ONCE);
      const decided = await inTurns(some, LOOKS_AT_ONCE, (one) => decide(work, one));
      result.looked += some.length;
      for (const [place, one] of some.entries()) count(result, reasons, one, decided[place] ?? {});
    }
  }
  const byCount = [...reasons].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count);
  return { ...result, exclusions: byCount };
}

interface Decided {
  reason?: string | undefined;
  loss?: Loss | undefined;
}

async function decide<Subject extends { id: string }>(work: Work<Subject>, one: Subject): Promise<Decided> {
  const reason = await work.exclusion(one.id, one);
  return reason === undefined ? { loss: await work.loss?.(one) } : { reason };
}

function count<Subject>(result: JobDryRun<Subject>, reasons: Map<string, number>, one: Subject, { reason, loss }: Decided): void {
  if (reason !== undefined) {
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    return;
  }
  result.would += 1;
  if (result.sample.length < SAMPLE) result.sample.push(one);
  if (!result.loss || !loss) return;
  result.loss.comments += loss.comments;
  result.loss.values += loss.values;
  result.loss.valueBytes += loss.valueBytes;
  result.loss.tests.push(...loss.tests);
}
