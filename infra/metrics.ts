import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { AppFunction } from './app-function.ts';
import type { AppTable } from './app-table.ts';

/** What functions count themselves, under the service that POWERTOOLS_SERVICE_NAME names. */
export type OwnMetric =
  | 'RunsSucceeded'
  | 'RunsFailed'
  | 'StepsExecuted'
  | 'OldestDueSeconds'
  | 'ExecutionsLost'
  | 'FiresOverdue'
  | 'FiresMissed';

export function own(metricName: OwnMetric, service: string, statistic: string = Stats.SUM): Metric {
  return new Metric({ namespace: 'Millrun', metricName, dimensionsMap: { service }, statistic });
}

/** Executions that ended although their run goes on: those the sweeper found, and those that Step Functions ended itself. */
export function lostExecutions(machines: readonly StateMachine[], service: string): IMetric {
  const usingMetrics: Record<string, IMetric> = { found: own('ExecutionsLost', service) };
  machines.forEach((machine, at) => {
    usingMetrics[`timedOut${at}`] = machine.metricTimedOut({ statistic: Stats.SUM });
    usingMetrics[`aborted${at}`] = machine.metricAborted({ statistic: Stats.SUM });
  });
  return sumOf(usingMetrics, 'Lost executions');
}

/** Executions that began: one for a run, and another whenever it goes on after a wait. */
export function startedExecutions(machines: readonly StateMachine[]): IMetric {
  const started = machines.map((machine) => machine.metricStarted({ statistic: Stats.SUM }));
  return sumOf(Object.fromEntries(started.map((metric, at) => [`started${at}`, metric])), 'Started executions');
}

/** Messages that lie in any of the queues. */
export function waiting(queues: readonly Queue[]): IMetric {
  const visible = queues.map((queue) => queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM }));
  return sumOf(Object.fromEntries(visible.map((metric, at) => [`queue${at}`, metric])), 'Messages');
}

/** Failed calls of every hundred. */
export function errorRate(fn: AppFunction): IMetric {
  return new MathExpression({
    expression: '100 * errors / invocations',
    usingMetrics: { errors: fn.metricErrors(), invocations: fn.metricInvocations() },
    label: 'Errors in percent',
  });
}

/** How old the last change is that a function was told of. */
export function streamAge(fn: AppFunction): Metric {
  return fn.metric('IteratorAge', { statistic: Stats.MAXIMUM });
}

/** Of the whole account: Step Functions counts them for no machine in particular. */
export function throttledStarts(): IMetric {
  const throttled = (APIName: string) =>
    new Metric({ namespace: 'AWS/States', metricName: 'ThrottledEvents', dimensionsMap: { APIName }, statistic: Stats.SUM });
  return sumOf({ started: throttled('StartExecution'), waited: throttled('StartSyncExecution') }, 'Throttled');
}

/** An alarm adds up so many metrics. */
const MOST_METRICS = 10;

/** Reads and writes of a table, and writes of its global indexes, which DynamoDB counts apart: in as many sums as it takes. */
export function tableThrottles(table: AppTable): IMetric[] {
  const all = [
    tableMetric(table, 'ReadThrottleEvents'),
    tableMetric(table, 'WriteThrottleEvents'),
    ...table.indexNames.map((index) => tableMetric(table, 'WriteThrottleEvents', { GlobalSecondaryIndexName: index })),
  ];
  const sums = Array.from({ length: Math.ceil(all.length / MOST_METRICS) }, (_, at) =>
    all.slice(at * MOST_METRICS, (at + 1) * MOST_METRICS),
  );
  return sums.map((some) => sumOf(Object.fromEntries(some.map((metric, at) => [`m${at}`, metric])), 'Throttled'));
}

function sumOf(usingMetrics: Record<string, IMetric>, label: string): IMetric {
  const expression = Object.keys(usingMetrics)
    .map((name) => `FILL(${name}, 0)`)
    .join(' + ');
  return new MathExpression({ expression, usingMetrics, label });
}

export function tableMetric(table: AppTable, metricName: string, dimensions: Record<string, string> = {}): Metric {
  return new Metric({
    namespace: 'AWS/DynamoDB',
    metricName,
    dimensionsMap: { TableName: table.tableName, ...dimensions },
    statistic: Stats.SUM,
  });
}
