import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from './acknowledge.ts';
import { allowDeliveries, allowFilesOfStarts, allowStarts, runLists } from './api-functions.ts';
import { AppFunction } from './app-function.ts';
import { jobMachine } from './job-machine.ts';
import type { RunEngine } from './run-engine.ts';
import type { RunRecovery } from './run-recovery.ts';
import type { Settings } from './settings.ts';
import type { Stores } from './stores.ts';

export interface JobsProps {
  readonly settings: Settings;
  readonly stores: Stores;
  readonly engine: RunEngine;
  readonly runRecovery: RunRecovery;
}

/** Acts on many runs: a state machine of its own calls a worker, batch by batch, and every minute somebody looks for jobs that were let fall. */
export class Jobs extends Construct {
  readonly worker: AppFunction;
  readonly sweep: AppFunction;
  /** By the entry that routes name. */
  readonly byEntry: ReadonlyMap<string, AppFunction>;
  readonly #machineArn: string;

  constructor(scope: Construct, id: string, { settings, stores, engine, runRecovery }: JobsProps) {
    super(scope, id);
    const machineName = `${settings.prefix}-jobs`;
    // By its name: the machine calls the worker and the worker starts executions of it, and resources cannot refer to each other.
    this.#machineArn = Stack.of(this).formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: machineName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const environment = { RETENTION_DAYS: String(settings.retentionDays) };

    const routes = new AppFunction(this, 'Routes', {
      settings,
      description: 'Makes jobs and shows them',
      entry: 'api/jobs',
      environment,
    });
    stores.jobs.allow(routes, ['BatchGetItem', 'GetItem', 'PutItem', 'Query'], ['by-workspace']);
    // Selecting them, and deciding on them as the job will.
    stores.runs.allow(routes, ['BatchGetItem', 'GetItem', 'Query'], runLists);
    stores.workflows.allow(routes, ['GetItem']);
    stores.values.allowReads(routes);
    stores.tasks.allow(routes, ['BatchGetItem', 'GetItem'], ['by-group']);
    stores.triggers.allow(routes, ['BatchGetItem'], ['by-workspace', 'by-workflow']);
    stores.tests.allow(routes, ['Query']);
    stores.places.allow(routes, []);
    stores.analytics.allow(routes, []);
    this.byEntry = new Map([['api/jobs', routes]]);

    this.worker = new AppFunction(this, 'Worker', {
      settings,
      description: 'Works on a job',
      entry: 'worker/work-job',
      timeout: Duration.minutes(5),
      environment: { ...environment, ...(settings.mailDomain !== undefined && { MAIL_DOMAIN: settings.mailDomain }) },
    });
    stores.jobs.allow(this.worker, ['GetItem', 'PutItem']);
    allowStarts(this.worker, { stores, engine });
    allowFilesOfStarts(this.worker, stores);
    // Reruns load journals, control appends to them; what is deleted must not be needed by runs that it has brought about.
    stores.runs.allow(this.worker, ['BatchGetItem', 'DeleteItem', 'Query', 'UpdateItem'], ['by-parent']);
    stores.values.allowDeletes(this.worker);
    stores.allowTasks(this.worker);
    stores.tasks.allow(this.worker, ['GetItem']);
    // What was delivered is taken as it was when it came: by whom, and signed with which secret.
    allowDeliveries(this.worker, stores);
    stores.access.allow(this.worker, [], ['by-workspace']);
    stores.secretsKey.allowOpening(this.worker, 'webhook');
    // Tests made of runs, with copies of their files.
    stores.tests.allow(this.worker, ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem']);
    stores.files.allow(this.worker, ['DeleteItem']);
    stores.allowLettingIn(this.worker);

    this.sweep = new AppFunction(this, 'Sweep', {
      settings,
      description: 'Starts jobs again that nobody works on',
      entry: 'timer/sweep-jobs',
      timeout: Duration.seconds(55),
      retryAttempts: 0,
      environment,
    });
    stores.jobs.allow(this.sweep, ['GetItem', 'PutItem'], ['live']);
    this.#everyMinute(this.sweep, runRecovery);

    for (const fn of [routes, this.worker]) stores.allowRecords(fn);
    for (const fn of [routes, this.worker, this.sweep]) this.#allowStarts(fn);
    this.#machine(machineName);
  }

  #allowStarts(fn: AppFunction): void {
    fn.addEnvironment('JOBS_MACHINE_ARN', this.#machineArn);
    fn.allow({ actions: ['states:StartExecution'], resources: [this.#machineArn] });
  }

  #machine(stateMachineName: string): void {
    // The machine names the alias, so a job begun yesterday is carried on by the worker of today.
    const { functionArn } = this.worker.addAlias('live');
    const role = new Role(this, 'MachineRole', {
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
          ArnEquals: { 'aws:SourceArn': this.#machineArn },
        },
      }),
    });
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [functionArn] }));
    const definitionBody = DefinitionBody.fromString(Stack.of(this).toJsonString(jobMachine(functionArn)));
    const machine = new StateMachine(this, 'Machine', { stateMachineName, definitionBody, role });
    acknowledge(machine, 'SF1', 'Each event costs a line of log; a Standard execution keeps its own history.');
    acknowledge(machine, 'SF2', 'The worker is traced where the owner wants that; a machine does no more than call it.');
  }

  #everyMinute(fn: AppFunction, { undelivered }: RunRecovery): void {
    const role = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    const target = new LambdaInvoke(fn, {
      role,
      deadLetterQueue: undelivered,
      maxEventAge: Duration.minutes(5),
      retryAttempts: 3,
    });
    new Schedule(this, 'EveryMinute', { schedule: ScheduleExpression.rate(Duration.minutes(1)), target });
    acknowledgeWildcard(role, `${fn.functionArn}:*`, 'The versions of the one function it calls.');
  }
}
