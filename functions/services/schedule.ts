import { dynamo, scheduler } from '../../shared/aws/clients.ts';
import { env } from '../../shared/kernel/env.ts';
import { DynamoDeliveries } from '../../shared/trigger/delivery/delivery.dynamo.ts';
import { SchedulerFireTimer } from '../../shared/trigger/schedule/fire-timer.scheduler.ts';
import { fireWatcher } from '../../shared/trigger/schedule/fire-watcher.metrics.ts';
import type { ScheduleServices } from '../../shared/trigger/schedule/ports.ts';
import { DynamoSchedules } from '../../shared/trigger/schedule/schedule.dynamo.ts';
import { engineServices } from './engine.ts';

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
