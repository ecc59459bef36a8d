import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge.ts';
import { AppFunction } from './app-function.ts';
import type { RunRecovery } from './run-recovery.ts';
import type { Settings } from './settings.ts';
import type { Stores } from './stores.ts';
import type { WorkflowEvents } from './workflow-events.ts';

const due = { dueKey: { S: FilterRule.isEqual('due') } };

export interface SubscriptionsProps {
  readonly settings: Settings;
  readonly stores: Stores;
  readonly events: WorkflowEvents;
  readonly runRecovery: RunRecovery;
}

/** Tells subscribers what has happened: at once when it is written down, and every minute for whatever is due again. */
export class Subscriptions extends Construct {
  readonly send: AppFunction;

  constructor(scope: Construct, id: string, { settings, stores, events, runRecovery }: SubscriptionsProps) {
    super(scope, id);
    this.send = new AppFunction(this, 'Send', {
      settings,
      description: 'Tells subscribers what has happened',
      entry: 'worker/send-notifications',
      // Less than the minute between two looks.
      timeout: Duration.seconds(55),
      retryAttempts: 0,
      environment: {
        ALLOWED_NETWORKS: settings.allowedNetworks.join(','),
        RETENTION_DAYS: String(settings.retentionDays),
      },
    });
    stores.subscriptions.allow(this.send, ['GetItem', 'PutItem', 'Query'], ['due']);
    stores.secretsKey.allowOpening(this.send, 'subscription');
    events.allowEvents(this.send);
    this.#everyMinute(runRecovery);
    new EventSourceMapping(this, 'Written', {
      target: this.send,
      eventSourceArn: stores.subscriptions.allowStream(this.send),
      startingPosition: StartingPosition.TRIM_HORIZON,
      filters: [
        FilterCriteria.filter({
          eventName: FilterRule.isEqual('INSERT'),
          dynamodb: { NewImage: due },
        }),
        // Somebody wants it to be sent again.
        FilterCriteria.filter({
          eventName: FilterRule.isEqual('MODIFY'),
          dynamodb: { OldImage: { outcome: { S: ['delivered', 'failed'] } }, NewImage: due },
        }),
      ],
      batchSize: 50,
      // What is lost here is found by the look of the next minute.
      retryAttempts: 1,
      maxRecordAge: Duration.minutes(5),
    });
  }

  #everyMinute({ undelivered }: RunRecovery): void {
    const role = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    const target = new LambdaInvoke(this.send, {
      role,
      deadLetterQueue: undelivered,
      maxEventAge: Duration.minutes(5),
      retryAttempts: 3,
    });
    new Schedule(this, 'EveryMinute', { schedule: ScheduleExpression.rate(Duration.minutes(1)), target });
    acknowledgeWildcard(role, `${this.send.functionArn}:*`, 'The versions of the one function it calls.');
  }
}
