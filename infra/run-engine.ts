import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { AppFunction } from './app-function.ts';
import { allowRoles } from './assumable-roles.ts';
import { runMachine } from './run-machine.ts';
import { removalPolicyOf, type Settings } from './settings.ts';
import type { Stores } from './stores.ts';

export interface RunEngineProps {
  readonly settings: Settings;
  readonly stores: Stores;
}

/** What carries runs forward: the worker, and the two state machines that call it: a cheap one for minutes, a lasting one for a year. */
export class RunEngine extends Construct {
  readonly worker: AppFunction;
  readonly runs: StateMachine;
  readonly longRuns: StateMachine;
  readonly #runsArn: string;
  readonly #longRunsArn: string;

  constructor(scope: Construct, id: string, { settings, stores }: RunEngineProps) {
    super(scope, id);
    const [runs, longRuns] = [`${settings.prefix}-runs`, `${settings.prefix}-long-runs`];
    // By their names: the machines call the worker and the worker starts executions of them, and resources cannot refer to each other.
    this.#runsArn = this.#machineArn(runs);
    this.#longRunsArn = this.#machineArn(longRuns);

    this.worker = new AppFunction(this, 'Worker', {
      settings,
      description: 'Drives a run',
      entry: 'worker/drive-run',
      timeout: Duration.minutes(15),
      concurrency: settings.workerConcurrency,
      environment: { ALLOWED_NETWORKS: settings.allowedNetworks.join(','), RETENTION_DAYS: String(settings.retentionDays) },
    });
    stores.runs.allow(this.worker, ['GetItem', 'PutItem', 'Query', 'UpdateItem']);
    stores.allowTasks(this.worker);
    stores.allowLettingIn(this.worker);
    stores.workflows.allow(this.worker, ['GetItem']);
    stores.connections.allow(this.worker, ['GetItem', 'UpdateItem']);
    stores.secretsKey.allowOpening(this.worker, 'connection');
    // Tokens that it renews are kept.
    stores.secretsKey.allowSealing(this.worker);
    allowRoles(this.worker, settings);
    // What steps emit is told to subscribers.
    stores.subscriptions.allow(this.worker, ['PutItem', 'Query']);
    stores.tests.allow(this.worker, ['Query']);
    stores.files.allow(this.worker, ['GetItem', 'PutItem']);
    stores.values.allowReads(this.worker);
    stores.values.allowWrites(this.worker);
    this.allowStarts(this.worker);

    // Machines name the alias, so a run begun yesterday is carried on by the worker of today.
    const { functionArn } = this.worker.addAlias('live');
    const role = this.#roleOf(functionArn);
    const log = new LogGroup(this, 'RunsLog', {
      retention: settings.logRetentionDays,
      removalPolicy: removalPolicyOf(settings),
    });
    this.runs = new StateMachine(this, 'Runs', {
      stateMachineName: runs,
      stateMachineType: StateMachineType.EXPRESS,
      definitionBody: this.#definition(functionArn, true),
      role,
      // An Express execution leaves no trace but this.
      logs: { destination: log, level: LogLevel.ERROR, includeExecutionData: false },
    });
    this.longRuns = new StateMachine(this, 'LongRuns', {
      stateMachineName: longRuns,
      definitionBody: this.#definition(functionArn, false),
      role,
    });
    for (const machine of [this.runs, this.longRuns]) {
      acknowledge(
        machine,
        'SF1',
        'Each event costs a line of log; errors of Express are logged, Standard keeps its own history.',
      );
      acknowledge(
        machine,
        'SF2',
        'The worker is traced where the owner wants that, and there is nothing else to see: a machine does no more than call it.',
      );
    }
  }

  /** Starting executions of either kind. */
  allowStarts(fn: AppFunction): void {
    fn.addEnvironment('RUNS_MACHINE_ARN', this.#runsArn);
    fn.addEnvironment('LONG_RUNS_MACHINE_ARN', this.#longRunsArn);
    fn.allow({ actions: ['states:StartExecution'], resources: [this.#runsArn, this.#longRunsArn] });
  }

  /** Starting a run and waiting for its end in the same call. */
  allowStartsThatWait(fn: AppFunction): void {
    fn.allow({ actions: ['states:StartSyncExecution'], resources: [this.#runsArn] });
  }

  #definition(workerArn: string, express: boolean): DefinitionBody {
    return DefinitionBody.fromString(Stack.of(this).toJsonString(runMachine(workerArn, { express })));
  }

  #roleOf(workerArn: string): Role {
    const role = new Role(this, 'MachineRole', {
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
          ArnEquals: { 'aws:SourceArn': [this.#runsArn, this.#longRunsArn] },
        },
      }),
    });
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [workerArn] }));
    acknowledge(
      role,
      'IAM5[Resource::*]',
      'The delivery of logs of Express machines knows no resources: its actions take * only.',
    );
    return role;
  }

  #machineArn(resourceName: string): string {
    const resource = 'stateMachine';
    return Stack.of(this).formatArn({ service: 'states', resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
  }
}
