import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge.ts';
import { AppFunction } from './app-function.ts';
import type { RunEngine } from './run-engine.ts';
import type { Settings } from './settings.ts';
import type { Stores } from './stores.ts';

export interface RunRecoveryProps {
  readonly settings: Settings;
  readonly stores: Stores;
  readonly engine: RunEngine;
}

/** Takes up runs that their execution has let fall: every live run has a time at which somebody looks. */
export class RunRecovery extends Construct {
  readonly sweep: AppFunction;
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, { settings, stores, engine }: RunRecoveryProps) {
    super(scope, id);
    this.undelivered = new Queue(this, 'Undelivered', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });

    this.sweep = new AppFunction(this, 'Sweep', {
      settings,
      description: 'Looks after runs that are due: starts lost executions, ends what is past its deadline',
      entry: 'timer/sweep-runs',
      // Less than the minute between two sweeps, and no second attempt: the next sweep is one.
      timeout: Duration.seconds(59),
      retryAttempts: 0,
      concurrency: settings.sweeperConcurrency,
      environment: { RETENTION_DAYS: String(settings.retentionDays) },
    });
    stores.runs.allow(this.sweep, ['GetItem', 'PutItem', 'Query', 'UpdateItem'], ['live']);
    stores.allowTasks(this.sweep);
    stores.allowLettingIn(this.sweep);
    stores.workflows.allow(this.sweep, ['GetItem']);
    stores.values.allowReads(this.sweep);
    engine.allowStarts(this.sweep);
    this.#everyMinute(this.sweep);
  }

  #everyMinute(fn: AppFunction): void {
    const role = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    const target = new LambdaInvoke(fn, {
      role,
      deadLetterQueue: this.undelivered,
      maxEventAge: Duration.minutes(5),
      retryAttempts: 3,
    });
    new Schedule(this, 'EveryMinute', { schedule: ScheduleExpression.rate(Duration.minutes(1)), target });
    acknowledgeWildcard(role, `${fn.functionArn}:*`, 'The versions of the one function it calls.');
  }
}
