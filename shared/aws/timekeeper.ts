import { env } from '../env.ts';
import { fireWatcher } from '../observe.ts';
import type { Timekeeper } from '../trigger/schedule/ports.ts';
import { dynamo, scheduler } from './clients.ts';
import { DynamoReceipts } from './dynamo-receipts.ts';
import { DynamoSchedules } from './dynamo-schedules.ts';
import { SchedulerAlarmClock } from './scheduler.ts';
import { engineServices } from './services.ts';

/** What schedules work with on AWS. */
export function timekeeper(): Timekeeper {
  const doors = { table: env.doorsTable(), retentionDays: env.retentionDays() };
  return {
    ...engineServices(),
    receipts: new DynamoReceipts(dynamo, doors),
    schedules: new DynamoSchedules(dynamo, doors),
    alarmClock: new SchedulerAlarmClock(scheduler, env.scheduler),
    fireWatcher,
  };
}
