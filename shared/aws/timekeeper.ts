import { env } from '../env.ts';
import { fireWatcher } from '../observe.ts';
import type { ScheduleServices } from '../trigger/schedule/ports.ts';
import { dynamo, scheduler } from './clients.ts';
import { DynamoDeliveries } from './dynamo-deliveries.ts';
import { DynamoSchedules } from './dynamo-schedules.ts';
import { SchedulerFireTimer } from './scheduler.ts';
import { engineServices } from './services.ts';

/** What schedules work with on AWS. */
export function scheduleServices(): ScheduleServices {
  const settings = { table: env.triggersTable(), retentionDays: env.retentionDays() };
  return {
    ...engineServices(),
    deliveries: new DynamoDeliveries(dynamo, settings),
    schedules: new DynamoSchedules(dynamo, settings),
    fireTimer: new SchedulerFireTimer(scheduler, env.scheduler),
    fireWatcher,
  };
}
