import { measure } from '../../shared/analytics/contributions.metrics.ts';
import { type CountServices, countRuns } from '../../shared/analytics/count-runs.ts';
import { endedOf } from '../../shared/analytics/ended-runs.ts';
import { type BudgetWatchServices, tellOfBudgets } from '../../shared/analytics/tell-of-budgets.ts';
import { background } from '../../shared/aws/observe.ts';
import { changeOf, type StreamRecord, streamEvent } from '../../shared/run/stream/stream-records.dynamo.ts';
import { counters, engineServices, spending, subscribers } from '../adapters.ts';

/** Counts runs that have ended, and tells of budgets that this brings to their bounds. Records may come twice, in any pieces and in any order. */
export async function countEnded(
  { Records }: { Records: readonly StreamRecord[] },
  services: CountServices & BudgetWatchServices,
): Promise<void> {
  const counted = await countRuns(services, endedOf(Records.map(changeOf)));
  measure(counted);
  await tellOfBudgets(services, counted);
}

export const handler = background(streamEvent, countEnded, () => ({
  ...engineServices(),
  counters: counters(),
  spending: spending(),
  subscribers: subscribers(),
}));
