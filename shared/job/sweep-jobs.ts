import { startJob } from './create-job.ts';
import { isEnded, later } from './job.ts';
import type { JobSweepServices } from './ports.ts';

const MOST_LOOKED_AT = 100;
/** Until the next look, if nobody is heard of. */
const LOOK_MS = 2 * 60_000;

/** Starts the next execution of jobs that nobody has worked on in time: the start of the one before was lost, or it broke off. Answers how many. */
export async function sweepJobs(services: JobSweepServices): Promise<number> {
  const now = services.now();
  let started = 0;
  for (const id of await services.jobs.due(now.toISOString(), MOST_LOOKED_AT)) {
    const job = await services.jobs.get(id);
    if (!job || isEnded(job) || (job.dueAt !== undefined && job.dueAt > now.toISOString())) continue;
    const next = { ...job, execution: job.execution + 1, dueAt: later(now, LOOK_MS) };
    if (!(await services.jobs.replace(next))) continue;
    await startJob(services, next);
    started += 1;
  }
  return started;
}
