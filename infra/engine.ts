import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { AppFunction } from './app-function.ts';
import type { Settings } from './settings.ts';
import type { Stores } from './stores.ts';

export interface EngineProps {
  readonly settings: Settings;
  readonly stores: Stores;
}

const because = 'State machines are made at publish, after the stack; the prefix is all that is known of their names.';

/** What walks runs forward: the worker, and the role of the state machines that call it. The machines are made at publish. */
export class Engine extends Construct {
  readonly worker: AppFunction;
  readonly #prefix: string;
  readonly #live: Alias;
  readonly #machineRole: Role;

  constructor(scope: Construct, id: string, { settings, stores }: EngineProps) {
    super(scope, id);
    this.#prefix = settings.prefix;

    this.worker = new AppFunction(this, 'Worker', {
      settings,
      description: 'Performs one step of a run',
      entry: 'worker/perform-step',
      timeout: Duration.minutes(15),
      environment: { ALLOWED_NETWORKS: settings.allowedNetworks.join(','), RETENTION_DAYS: String(settings.retentionDays) },
    });
    stores.runs.allowReadsAndWrites(this.worker);
    stores.workflows.allowReads(this.worker);
    stores.values.allowReadsAndWrites(this.worker);
    stores.doors.allowReadsAndWrites(this.worker);

    this.allowWalks(this.worker);

    // Machines name the alias, so a walk begun yesterday is carried on by the worker of today.
    this.#live = this.worker.addAlias('live');

    this.#machineRole = new Role(this, 'MachineRole', {
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
          ArnLike: { 'aws:SourceArn': this.machineArn('*') },
        },
      }),
    });
    this.#machineRole.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.#live.functionArn] }),
    );
  }

  /** The machines of this installation whose names end so, with their versions. */
  machineArn(ending: string): string {
    return this.#statesArn('stateMachine', ending);
  }

  /** Starting walks, looking at them, ending them, and telling a walk that the run it waits for has ended: whoever settles a run may have to do each. */
  allowWalks(fn: AppFunction): void {
    fn.allow({
      actions: ['states:StartExecution', 'states:SendTaskFailure', 'states:SendTaskSuccess'],
      resources: [this.machineArn('*')],
      because,
    });
    fn.allow({
      actions: ['states:DescribeExecution', 'states:StopExecution'],
      resources: [this.#statesArn('execution', '*')],
      because,
    });
  }

  /** Making, changing and removing machines that run as the machine role and call the worker. */
  allowPublishing(fn: AppFunction): void {
    fn.addEnvironment('WORKER_ARN', this.#live.functionArn);
    fn.addEnvironment('MACHINE_ROLE_ARN', this.#machineRole.roleArn);
    fn.addEnvironment('MACHINE_PREFIX', this.#prefix);
    fn.allow({
      actions: [
        'states:CreateStateMachine',
        'states:DeleteStateMachine',
        'states:DescribeStateMachine',
        'states:PublishStateMachineVersion',
        'states:TagResource',
        'states:UpdateStateMachine',
      ],
      resources: [this.machineArn('*')],
      because,
    });
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [this.#machineRole.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'states.amazonaws.com' } },
      }),
    );
  }

  #statesArn(resource: 'stateMachine' | 'execution', ending: string): string {
    const resourceName = `${this.#prefix}-${ending}`;
    return Stack.of(this).formatArn({ service: 'states', resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
  }
}
