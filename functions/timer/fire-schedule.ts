import * as z from 'zod';
import { background } from '../../shared/aws/observe.ts';
import { tick } from '../../shared/trigger/schedule/tick.ts';
import { scheduleServices } from '../adapters.ts';

/** The one-off schedule of one of ours has come. */
const message = z.object({ schedule: z.string() });

export const handler = background(
  message,
  ({ schedule }, services) => tick(services, schedule).then(() => undefined),
  scheduleServices,
);
