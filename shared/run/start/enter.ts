import { limitOf, type Queued } from '../model/concurrency.ts';
import { keptAfterEnd, keptFromLife } from '../model/project.ts';
import type { Run } from '../model/run.ts';
import type { EngineServices, StartKey } from '../ports.ts';

type Services = Pick<EngineServices, 'runs' | 'places' | 'retentionDays' | 'now'>;

/** What a start has come to. */
export type Entered = { run: Run } | { earlier: { runId: string; bodyHash: string } };

/** Writes a new run that may have to wait: as one that starts, that waits to be let in, or that is skipped since there is no room. */
export async function enter(services: Services, run: Run, key: StartKey | undefined): Promise<Entered> {
  const { concurrency } = run;
  if (run.queued || !concurrency) return wait(services, run, run.queued ?? { at: run.createdAt }, key);
  if (await isFree(services, concurrency)) {
    const { earlier, full } = await services.runs.create(run, key, { enters: 'running' });
    if (!full) return earlier ? { earlier } : { run };
  }
  return concurrency.whenFull === 'skip'
    ? skip(services, skipped(run, services.now()), key)
    : wait(services, run, { at: run.createdAt }, key);
}

async function skip({ runs, retentionDays }: Services, run: Run, key: StartKey | undefined): Promise<Entered> {
  const { earlier } = await runs.create(run, key, { keptUntil: keptAfterEnd(run, retentionDays) });
  return earlier ? { earlier } : { run };
}

/** Nobody is overtaken who waits. */
async function isFree({ places }: Services, { place, limit }: NonNullable<Run['concurrency']>): Promise<boolean> {
  const { running } = await places.look(place);
  return running.length < limit && (await places.waiting(place, 1)).length === 0;
}

async function wait({ runs, retentionDays }: Services, run: Run, queued: Queued, key: StartKey | undefined): Promise<Entered> {
  const waits = { ...run, seen: 1, queued };
  const entry = { type: 'run_queued' as const, ...queued };
  const { earlier } = await runs.create(waits, key, {
    queued: { entry, keptUntil: keptFromLife(new Date(run.createdAt), retentionDays) },
    enters: run.concurrency && 'waiting',
  });
  return earlier ? { earlier } : { run: waits };
}

function skipped(run: Run, now: Date): Run {
  const { dueAt: _, steps, ...rest } = run;
  return {
    ...rest,
    status: 'skipped',
    endedAt: now.toISOString(),
    reason: `There was no room for it: ${limitOf(run)}.`,
    steps: { ...steps, pending: 0, skipped: steps.total },
  };
}
