import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge.ts';
import { AppFunction } from './app-function.ts';
import type { Engine } from './engine.ts';
import type { Settings } from './settings.ts';
import type { Stores } from './stores.ts';

export interface SafetyNetProps {
  readonly settings: Settings;
  readonly stores: Stores;
  readonly engine: Engine;
}

/** Brings runs to their end that their walk has let fall: at once when Step Functions says so, within a minute when nobody does. */
export class SafetyNet extends Construct {
  readonly settle: AppFunction;
  readonly rule: Rule;
  readonly sweep: AppFunction;
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, { settings, stores, engine }: SafetyNetProps) {
    super(scope, id);
    const environment = { RETENTION_DAYS: String(settings.retentionDays) };

    this.undelivered = new Queue(this, 'Undelivered', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });

    this.settle = new AppFunction(this, 'Settle', {
      settings,
      description: 'Settles the run of a walk that has failed, timed out or been aborted',
      entry: 'settle/execution-status',
      deadLetterQueue: this.undelivered,
      environment,
    });
    this.rule = new Rule(this, 'WalkEnded', {
      description: 'Walks that ended without settling their run',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'], stateMachineArn: [{ prefix: engine.machineArn('') }] },
      },
      targets: [
        new LambdaFunction(this.settle, {
          deadLetterQueue: this.undelivered,
          maxEventAge: Duration.hours(24),
          retryAttempts: 185,
        }),
      ],
    });

    this.sweep = new AppFunction(this, 'Sweep', {
      settings,
      description: 'Looks after runs that are due: starts lost walks, settles lost runs',
      entry: 'schedule/sweep-runs',
      // Less than the minute between two sweeps, and no second attempt: the next sweep is one.
      timeout: Duration.seconds(55),
      retryAttempts: 0,
      environment,
    });
    this.#everyMinute(this.sweep);

    for (const fn of [this.settle, this.sweep]) {
      stores.runs.allowReadsAndWrites(fn);
      stores.workflows.allowReads(fn);
      stores.values.allowReadsAndWrites(fn);
      engine.allowWalks(fn);
    }
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
