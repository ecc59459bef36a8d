import * as z from 'zod';
import { scheduleServices } from '../../shared/aws/timekeeper.ts';
import { background } from '../../shared/observe.ts';
import { tick } from '../../shared/trigger/schedule/tick.ts';

/** An alarm clock has rung: the time of a schedule has come. */
const ring = z.object({ schedule: z.string() });

export const handler = background(
  ring,
  ({ schedule }, services) => tick(services, schedule).then(() => undefined),
  scheduleServices,
);
