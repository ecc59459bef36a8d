import * as z from 'zod';
import { background, logger } from '../../shared/aws/observe.ts';
import { sweepJobs } from '../../shared/job/sweep-jobs.ts';
import { jobSweepServices } from '../adapters.ts';

/** Looks after jobs that nobody has worked on in time. */
export const handler = background(
  z.unknown(),
  async (_tick, services) => {
    const started = await sweepJobs(services);
    if (started > 0) logger.warn('executions of jobs were lost', { started });
  },
  jobSweepServices,
);
