import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { InboundEvents } from './inbound-events.ts';
import type { InboundMail } from './inbound-mail.ts';
import type { InboundQueues } from './inbound-queues.ts';
import * as metrics from './metrics.ts';
import type { RunEngine } from './run-engine.ts';
import type { RunRecovery } from './run-recovery.ts';
import type { RunStream } from './run-stream.ts';
import type { RunsApi } from './runs-api.ts';
import type { Schedules } from './schedules.ts';
import type { Settings } from './settings.ts';
import type { Stores } from './stores.ts';

export interface AlarmsProps {
  readonly settings: Settings;
  readonly stores: Stores;
  readonly engine: RunEngine;
  readonly runRecovery: RunRecovery;
  readonly runStream: RunStream;
  readonly runsApi: RunsApi;
  readonly schedules: Schedules;
  readonly queues: InboundQueues;
  readonly inboundEvents: InboundEvents;
  readonly mail: InboundMail | undefined;
}

interface Condition {
  readonly metric: IMetric;
  readonly says: string;
  readonly threshold: number;
  readonly operator?: ComparisonOperator;
  /** For how many periods in a row; one when absent. */
  readonly periods?: number;
  /** What silence means; all is well when absent. */
  readonly missing?: TreatMissingData;
  /** The heading in the runbook; the name of the alarm when absent. */
  readonly page?: string;
}

/** What wakes somebody. docs/runbook.md says what to do. */
export class Alarms extends Construct {
  readonly #prefix: string;
  readonly #actions: IAlarmAction[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { settings, stores, engine, runRecovery, runStream, runsApi, schedules, queues, inboundEvents, mail } = props;
    this.#prefix = settings.prefix;
    this.#actions = this.#actionsOf(settings);

    this.#alarm('worker-errors', {
      says: 'More than half of the calls of the worker ended in an error for 15 minutes.',
      metric: metrics.errorRate(engine.worker),
      threshold: 50,
      periods: 3,
    });
    this.#alarm('worker-throttles', {
      says: 'Lambda refused calls of the worker: the account is out of concurrency.',
      metric: engine.worker.metricThrottles(),
      threshold: 1,
      periods: 2,
    });
    this.#alarm('api-errors', {
      says: 'The API answered with 5xx at least five times in five minutes.',
      metric: runsApi.stage.metricServerError({ statistic: 'Sum' }),
      threshold: 5,
    });
    this.#alarm('sweeper-errors', {
      says: 'Three of five sweeps failed.',
      metric: runRecovery.sweep.metricErrors(),
      threshold: 3,
    });
    this.#alarm('sweeper-silent', {
      says: 'No sweep has begun for five minutes.',
      metric: runRecovery.sweep.metricInvocations(),
      threshold: 1,
      operator: ComparisonOperator.LESS_THAN_THRESHOLD,
      missing: TreatMissingData.BREACHING,
    });
    this.#alarm('undelivered-events', {
      says: 'Ticks of the sweeper, or mails, lie in the dead letter queue.',
      metric: runRecovery.undelivered.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      threshold: 1,
    });
    this.#alarm('runs-overdue', {
      says: 'A run has been due for more than five minutes: the sweeper does not keep up, or cannot help.',
      metric: metrics.own('OldestDueSeconds', settings.prefix, Stats.MAXIMUM),
      threshold: 300,
      periods: 2,
    });
    this.#alarm('executions-lost', {
      says: 'Executions ended for reasons of infrastructure three times in a row; their runs go on in others.',
      metric: metrics.lostExecutions([engine.runs, engine.longRuns], settings.prefix),
      threshold: 1,
      periods: 3,
    });
    this.#alarm('fires-overdue', {
      says: 'Expected fires of schedules had not happened two minutes after their time.',
      metric: metrics.own('FiresOverdue', settings.prefix),
      threshold: 1,
    });
    this.#alarm('reconciler-errors', {
      says: 'Three of five looks for fires that did not happen failed.',
      metric: schedules.reconcile.metricErrors(),
      threshold: 3,
    });
    this.#alarm('undelivered-fires', {
      says: 'Calls of the schedule function lie in the dead letter queue of schedules.',
      metric: schedules.undelivered.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      threshold: 1,
    });
    this.#alarm('start-throttles', {
      says: 'Step Functions refused to start executions: the account starts more than its quota.',
      metric: metrics.throttledStarts(),
      threshold: 1,
      periods: 2,
    });
    this.#alarm('stream-late', {
      says: 'Followers of runs hear of changes more than five minutes late.',
      metric: metrics.streamAge(runStream.follow),
      threshold: 300_000,
      periods: 2,
    });
    this.#alarm('counters-late', {
      says: 'Runs that have ended are counted more than five minutes late.',
      page: 'stream-late',
      metric: metrics.streamAge(runStream.count),
      threshold: 300_000,
      periods: 2,
    });
    this.#alarm('undelivered-changes', {
      says: 'Changes of runs that a follower could not deal with are named in the dead letter queue of the stream.',
      metric: runStream.undelivered.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      threshold: 1,
    });
    this.#alarm('undelivered-messages', {
      says: 'Messages that no trigger takes, or messages or events that could not be dealt with, lie in a dead letter queue.',
      metric: metrics.waiting([...queues.undelivered, inboundEvents.undelivered]),
      threshold: 1,
    });
    if (mail) this.#mailAlarms(mail);
    for (const [name, table] of Object.entries({
      runs: stores.runs,
      workflows: stores.workflows,
      access: stores.access,
      triggers: stores.triggers,
      files: stores.files,
      live: stores.live,
      analytics: stores.analytics,
      jobs: stores.jobs,
    })) {
      for (const [part, metric] of metrics.tableThrottles(table).entries())
        this.#alarm(`table-throttles-${name}${part === 0 ? '' : `-${part + 1}`}`, {
          says: `DynamoDB refused requests to the ${name} table or writes to its indexes.`,
          page: 'table-throttles',
          metric,
          threshold: 1,
          periods: 2,
        });
    }
  }

  #mailAlarms({ receive, results, canary, canaryMinutes }: InboundMail): void {
    this.#alarm('mail-errors', {
      says: 'Mails that were received could not be dealt with; they are tried again and then lie in the dead letter queue.',
      metric: new MathExpression({
        expression: 'received + results',
        usingMetrics: { received: receive.metricErrors(), results: results.metricErrors() },
        label: 'Failures to receive mail',
      }),
      threshold: 3,
    });
    if (!canary) return;
    const period = Duration.minutes(canaryMinutes);
    this.#alarm('mail-canary', {
      says: 'Two mails that Millrun sent to itself have started no run.',
      metric: canary.metricErrors({ period }),
      threshold: 1,
      periods: 2,
    });
    this.#alarm('mail-canary-silent', {
      says: 'No canary was sent: its schedule does not fire.',
      page: 'mail-canary',
      metric: canary.metricInvocations({ period: Duration.minutes(2 * canaryMinutes) }),
      threshold: 1,
      operator: ComparisonOperator.LESS_THAN_THRESHOLD,
      missing: TreatMissingData.BREACHING,
    });
  }

  #alarm(name: string, { metric, says, threshold, operator, periods = 1, missing, page = name }: Condition): void {
    const alarm = new Alarm(this, name, {
      alarmName: `${this.#prefix}-${name}`,
      alarmDescription: `${says} See docs/runbook.md#${page}`,
      metric,
      threshold,
      comparisonOperator: operator ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
    });
    for (const action of this.#actions) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
  }

  #actionsOf({ alarmTopicArn, alarmEmail }: Settings): IAlarmAction[] {
    const actions = alarmTopicArn ? [new SnsAction(Topic.fromTopicArn(this, 'OwnersTopic', alarmTopicArn))] : [];
    if (!alarmEmail) return actions;

    const topic = new Topic(this, 'Topic', { enforceSSL: true });
    topic.addSubscription(new EmailSubscription(alarmEmail));
    return [...actions, new SnsAction(topic)];
  }
}
