import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { metrics } from '../aws/observe.ts';
import type { Contribution } from './contribution.ts';

/**
 * Publishes how many runs have ended, and how many steps they have executed: for many runs at once, since each line of metrics costs as much as a write.
 * Runs that are told again count again: the counters know the exact numbers.
 */
export function measure(contributions: readonly Contribution[]): void {
  const sumOf = (of: (run: Contribution['run']) => number) => contributions.reduce((sum, { run }) => sum + of(run), 0);
  add(
    'RunsSucceeded',
    sumOf(({ succeeded = 0 }) => succeeded),
  );
  add(
    'RunsFailed',
    sumOf(({ failed = 0, timed_out = 0 }) => failed + timed_out),
  );
  add(
    'StepsExecuted',
    sumOf(({ steps = 0 }) => steps),
  );
}

const add = (name: string, count: number) => count > 0 && metrics.addMetric(name, MetricUnit.Count, count);
