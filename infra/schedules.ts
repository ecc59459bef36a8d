import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression, ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge.ts';
import { allowDeliveries, allowStarts } from './api-functions.ts';
import { AppFunction } from './app-function.ts';
import type { RunEngine } from './run-engine.ts';
import type { Settings } from './settings.ts';
import type { Stores } from './stores.ts';

export interface SchedulesProps {
  readonly settings: Settings;
  readonly stores: Stores;
  readonly engine: RunEngine;
}

/** Starts runs by the clock: one EventBridge schedule for each of ours, and a look every minute for fires that did not happen. */
export class Schedules extends Construct {
  readonly fire: AppFunction;
  readonly reconcile: AppFunction;
  /** Calls of the schedule function that Scheduler gave up. */
  readonly undelivered: Queue;
  /** By the entry that routes name. */
  readonly byEntry: ReadonlyMap<string, AppFunction>;
  readonly #group: ScheduleGroup;
  readonly #role: Role;
  readonly #fireArn: string;

  constructor(scope: Construct, id: string, { settings, stores, engine }: SchedulesProps) {
    super(scope, id);
    const environment = { RETENTION_DAYS: String(settings.retentionDays) };
    const functionName = `${settings.prefix}-fire-schedule`;
    // By its name: the function sets the next one-off schedule, which calls it, and a resource cannot refer to itself.
    this.#fireArn = Stack.of(this).formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: functionName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });

    this.undelivered = new Queue(this, 'Undelivered', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.#group = new ScheduleGroup(this, 'Group', {
      scheduleGroupName: settings.prefix,
      // They mean nothing without the function they call, and a group that stays would be in the way of the next installation.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.#role = this.#schedulerRole('SchedulerInvokeRole');
    this.#role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.#fireArn] }));
    this.#role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.undelivered.queueArn] }));

    this.fire = new AppFunction(this, 'Fire', {
      settings,
      functionName,
      description: 'Decides the fires of a schedule whose time has come',
      entry: 'timer/fire-schedule',
      // Many fires to catch up with are many runs to start.
      timeout: Duration.minutes(5),
      deadLetterQueue: this.undelivered,
      environment,
    });
    this.reconcile = new AppFunction(this, 'Reconcile', {
      settings,
      description: 'Finds expected fires of schedules that did not happen',
      entry: 'timer/reconcile-fires',
      // Less than the minute between two looks, and no second attempt: the next look is one.
      timeout: Duration.seconds(55),
      retryAttempts: 0,
      environment,
    });
    const routes = new AppFunction(this, 'Routes', {
      settings,
      description: 'Shows and changes schedules',
      entry: 'api/schedules',
      environment,
    });
    stores.allowRecords(routes);
    this.byEntry = new Map([['api/schedules', routes]]);

    for (const fn of [this.fire, this.reconcile, routes]) {
      allowStarts(fn, { stores, engine });
      allowDeliveries(fn, stores);
      // Its overlap may ask to stop the run before, of which there may be snapshots.
      stores.runs.allow(fn, ['Query', 'UpdateItem']);
      stores.allowTasks(fn);
      stores.allowLettingIn(fn);
      stores.values.allowReads(fn);
      stores.subscriptions.allow(fn, ['PutItem', 'Query']);
      this.#allowFireTimers(fn);
    }
    stores.triggers.allow(this.reconcile, [], ['by-due']);
    stores.triggers.allow(routes, ['BatchGetItem', 'Query'], ['by-workspace', 'by-workflow']);
    this.#everyMinute();
  }

  #allowFireTimers(fn: AppFunction): void {
    fn.addEnvironment('SCHEDULE_GROUP', this.#group.scheduleGroupName);
    fn.addEnvironment('SCHEDULE_TARGET_ARN', this.#fireArn);
    fn.addEnvironment('SCHEDULE_ROLE_ARN', this.#role.roleArn);
    fn.addEnvironment('SCHEDULE_DEAD_LETTER_ARN', this.undelivered.queueArn);
    fn.allow({
      actions: ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule', 'scheduler:UpdateSchedule'],
      resources: [
        Stack.of(this).formatArn({
          service: 'scheduler',
          resource: 'schedule',
          resourceName: `${this.#group.scheduleGroupName}/*`,
        }),
      ],
      because: 'Each schedule of a workflow has a one-off schedule in our group.',
    });
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [this.#role.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      }),
    );
  }

  #everyMinute(): void {
    const role = this.#schedulerRole('EveryMinuteRole');
    const target = new LambdaInvoke(this.reconcile, {
      role,
      deadLetterQueue: this.undelivered,
      maxEventAge: Duration.minutes(5),
      retryAttempts: 3,
    });
    new Schedule(this, 'EveryMinute', { schedule: ScheduleExpression.rate(Duration.minutes(1)), target });
    acknowledgeWildcard(role, `${this.reconcile.functionArn}:*`, 'The versions of the one function it calls.');
  }

  #schedulerRole(id: string): Role {
    return new Role(this, id, {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
  }
}
