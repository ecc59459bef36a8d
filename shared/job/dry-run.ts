import type { Run } from '../run/model/run.ts';
import { inTurns } from './select.ts';
import type { Loss, Work } from './verb.ts';

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
  /** Of a verb after which they are gone: what goes with those that it would act on, and the tests that were made of them. */
  loss?: Loss | undefined;
}

const SAMPLE = 10;
const LOOKS_AT_ONCE = 25;

/** Decides on all of them as the job would, and acts on none. */
export async function dryRun(work: Work, pages: AsyncIterable<Run[]>, until: () => boolean): Promise<JobDryRun> {
  const reasons = new Map<string, number>();
  const loss = work.loss && { comments: 0, values: 0, valueBytes: 0, tests: [] };
  const result: JobDryRun = { total: 0, would: 0, exact: true, looked: 0, sample: [], exclusions: [], loss };
  for await (const runs of pages) {
    result.total += runs.length;
    for (let at = 0; at < runs.length; at += LOOKS_AT_ONCE) {
      if (until()) {
        result.exact = false;
        break;
      }
      const some = runs.slice(at, at + LOOKS_AT_ONCE);
      const decided = await inTurns(some, LOOKS_AT_ONCE, (run) => decide(work, run));
      result.looked += some.length;
      for (const [place, run] of some.entries()) count(result, reasons, run, decided[place] ?? {});
    }
  }
  const byCount = [...reasons].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count);
  return { ...result, exclusions: byCount };
}

interface Decided {
  reason?: string | undefined;
  loss?: Loss | undefined;
}

async function decide(work: Work, run: Run): Promise<Decided> {
  const reason = await work.exclusion(run.id, run);
  return reason === undefined ? { loss: await work.loss?.(run) } : { reason };
}

function count(result: JobDryRun, reasons: Map<string, number>, run: Run, { reason, loss }: Decided): void {
  if (reason !== undefined) {
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    return;
  }
  result.would += 1;
  if (result.sample.length < SAMPLE) result.sample.push(run);
  if (!result.loss || !loss) return;
  result.loss.comments += loss.comments;
  result.loss.values += loss.values;
  result.loss.valueBytes += loss.valueBytes;
  result.loss.tests.push(...loss.tests);
}
