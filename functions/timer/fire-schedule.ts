import * as z from 'zod';
import { background } from '../../shared/aws/observe.ts';
import { tick } from '../../shared/trigger/schedule/tick.ts';
import { scheduleServices } from '../adapters.ts';

/** An alarm clock has rung: the time of a schedule has come. */
const ring = z.object({ schedule: z.string() });

export const handler = background(
  ring,
  ({ schedule }, services) => tick(services, schedule).then(() => undefined),
  scheduleServices,
);
