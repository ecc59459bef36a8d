import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Rule } from 'aws-cdk-lib/aws-events';
import type { AppFunction } from './app-function.ts';
import type { HouseTable } from './house-table.ts';

/** What functions count themselves, under the service that POWERTOOLS_SERVICE_NAME names. */
export type OwnMetric = 'RunsStarted' | 'RunsSucceeded' | 'RunsFailed' | 'StepsExecuted' | 'FiresOverdue' | 'FiresMissed';

export function own(metricName: OwnMetric, service: string): Metric {
  return new Metric({ namespace: 'Millrun', metricName, dimensionsMap: { service }, statistic: Stats.SUM });
}

/** Failed calls of every hundred. */
export function errorRate(fn: AppFunction): IMetric {
  return new MathExpression({
    expression: '100 * errors / invocations',
    usingMetrics: { errors: fn.metricErrors(), invocations: fn.metricInvocations() },
    label: 'Errors in percent',
  });
}

/** Events that a rule of the default bus could not deliver to its target. */
export function failedInvocations(rule: Rule): Metric {
  return new Metric({
    namespace: 'AWS/Events',
    metricName: 'FailedInvocations',
    dimensionsMap: { RuleName: rule.ruleName },
    statistic: Stats.SUM,
  });
}

/** Of the whole account: Step Functions counts them for no machine in particular. */
export function throttledStarts(): Metric {
  return new Metric({
    namespace: 'AWS/States',
    metricName: 'ThrottledEvents',
    dimensionsMap: { APIName: 'StartExecution' },
    statistic: Stats.SUM,
  });
}

/** Reads and writes of a table, and writes of its global indexes, which DynamoDB counts apart. */
export function tableThrottles(table: HouseTable): IMetric {
  const usingMetrics = {
    reads: tableMetric(table, 'ReadThrottleEvents'),
    writes: tableMetric(table, 'WriteThrottleEvents'),
    ...Object.fromEntries(
      table.globalIndexNames.map((index, at) => [
        `index${at}`,
        tableMetric(table, 'WriteThrottleEvents', { GlobalSecondaryIndexName: index }),
      ]),
    ),
  };
  const expression = Object.keys(usingMetrics)
    .map((name) => `FILL(${name}, 0)`)
    .join(' + ');
  return new MathExpression({ expression, usingMetrics, label: 'Throttled' });
}

export function tableMetric(table: HouseTable, metricName: string, dimensions: Record<string, string> = {}): Metric {
  return new Metric({
    namespace: 'AWS/DynamoDB',
    metricName,
    dimensionsMap: { TableName: table.tableName, ...dimensions },
    statistic: Stats.SUM,
  });
}
