import { Dashboard, GraphWidget, type IMetric, type IWidget, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Aws } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { AppFunction } from './app-function.ts';
import * as metrics from './metrics.ts';
import type { RunStream } from './run-stream.ts';
import type { RunsApi } from './runs-api.ts';
import type { Settings } from './settings.ts';
import type { Stores } from './stores.ts';

export interface OperationsDashboardProps {
  readonly settings: Settings;
  readonly stores: Stores;
  readonly machines: readonly StateMachine[];
  readonly runStream: RunStream;
  readonly runsApi: RunsApi;
  readonly functions: readonly AppFunction[];
}

/** One page that shows how the installation fares. */
export class OperationsDashboard extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { settings, stores, machines, runStream, runsApi, functions }: OperationsDashboardProps,
  ) {
    super(scope, id);
    const { stage } = runsApi;
    const tables = [stores.runs, stores.workflows, stores.access, stores.triggers, stores.files, stores.analytics, stores.jobs];

    new Dashboard(this, 'Dashboard', {
      // Dashboards of all regions share their names.
      dashboardName: `${settings.prefix}-${Aws.REGION}`,
      widgets: [
        [
          graph('Runs', [
            metrics.startedExecutions(machines),
            metrics.own('RunsSucceeded', settings.prefix),
            metrics.own('RunsFailed', settings.prefix),
          ]),
          graph('Steps', [metrics.own('StepsExecuted', settings.prefix)]),
          graph('Fires of schedules', [
            metrics.own('FiresOverdue', settings.prefix),
            metrics.own('FiresMissed', settings.prefix),
          ]),
        ],
        [
          graph('API latency', [
            stage.metricLatency({ statistic: Stats.p(50) }),
            stage.metricLatency({ statistic: Stats.p(99) }),
          ]),
          graph('API answers', [stage.metricCount(), stage.metricClientError(), stage.metricServerError()]),
          graph('Age of changes told to followers', [metrics.streamAge(runStream.follow)]),
        ],
        [
          graph(
            'Function errors',
            functions.map((fn) => fn.metricErrors({ label: fn.node.id })),
          ),
          graph(
            'Function durations',
            functions.map((fn) => fn.metricDuration({ label: fn.node.id, statistic: Stats.p(99) })),
          ),
        ],
        [
          graph(
            'Table reads',
            tables.map((table) => metrics.tableMetric(table, 'ConsumedReadCapacityUnits')),
          ),
          graph(
            'Table writes',
            tables.map((table) => metrics.tableMetric(table, 'ConsumedWriteCapacityUnits')),
          ),
        ],
      ],
    });
  }
}

function graph(title: string, left: IMetric[]): IWidget {
  return new GraphWidget({ title, left, width: 12 });
}
