import { background } from '../../shared/aws/observe.ts';
import { workJob, workMessage } from '../../shared/job/work-job.ts';
import { jobServices, recorder } from '../adapters.ts';
import { redeliveries } from '../redeliveries.ts';

/** Left for the batch that is worked on when the time is over. */
const MARGIN_MS = 60_000;

/** Works on a job for as long as it can, and tells the state machine what is next. What it throws is a fault of ours: the machine calls again. */
export const handler = background(
  workMessage,
  (message, services, { getRemainingTimeInMillis }) =>
    workJob(services, message, new Date(services.now().getTime() + getRemainingTimeInMillis() - MARGIN_MS)),
  () => ({ ...jobServices(), redeliveries, recorder: recorder() }),
);
