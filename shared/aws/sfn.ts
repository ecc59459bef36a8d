import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type ExecutionStatus,
  InvalidToken,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  StateMachineDoesNotExist,
  StopExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import type { Walks } from '../run/ports.ts';
import type { RunRef } from '../run/run.ts';
import type { Machines } from '../workflow/ports.ts';

/** `arn:...:stateMachine:<name>:<n>` -> `arn:...:execution:<name>:<walk>`: executions of a version are named after the machine. */
function executionArn(machineVersion: string, walk: string): string {
  const [arn, partition, service, region, account, , name] = machineVersion.split(':');
  return [arn, partition, service, region, account, 'execution', name, walk].join(':');
}

/** Part of the cause of an execution that failed at its 25,000th event. */
const HISTORY_FULL = 'maximum number of history events';

const STATUS: Record<ExecutionStatus, Awaited<ReturnType<Walks['status']>>> = {
  RUNNING: 'running',
  PENDING_REDRIVE: 'failed',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timed_out',
  ABORTED: 'aborted',
};

/** Walks as Step Functions executions. */
export class SfnWalks implements Walks {
  readonly #client: () => SFNClient;

  constructor(client: () => SFNClient) {
    this.#client = client;
  }

  /** The name makes it happen once: an execution of that name that is open or closed is the walk that was asked for. */
  async start(machine: string, name: string, ref: RunRef): Promise<void> {
    const input = JSON.stringify({ run: ref, scope: '' });
    await this.#client()
      .send(new StartExecutionCommand({ stateMachineArn: machine, name, input }))
      .catch(unless(ExecutionAlreadyExists));
  }

  async stop(machine: string, name: string, cause: string): Promise<void> {
    await this.#client()
      .send(new StopExecutionCommand({ executionArn: executionArn(machine, name), error: cause, cause }))
      .catch(unless(ExecutionDoesNotExist));
  }

  async answer(token: string, failure?: string): Promise<void> {
    const command =
      failure === undefined
        ? new SendTaskSuccessCommand({ taskToken: token, output: '{}' })
        : new SendTaskFailureCommand({
            taskToken: token,
            error: failure,
            cause: 'The run it waited for; its row has the message.',
          });
    await this.#send(command).catch(unless(TaskTimedOut, TaskDoesNotExist, InvalidToken));
  }

  #send(command: SendTaskSuccessCommand | SendTaskFailureCommand) {
    return command instanceof SendTaskSuccessCommand ? this.#client().send(command) : this.#client().send(command);
  }

  async status(machine: string, name: string) {
    const described = await this.#client()
      .send(new DescribeExecutionCommand({ executionArn: executionArn(machine, name) }))
      .catch(unless(ExecutionDoesNotExist));
    if (described?.status === 'FAILED' && described.cause?.includes(HISTORY_FULL)) return 'exhausted';
    return described?.status && STATUS[described.status];
  }
}

export interface MachineSettings {
  prefix: string;
  roleArn: string;
}

/** One Standard state machine per workflow, one version per definition. */
export class SfnMachines implements Machines {
  readonly #client: () => SFNClient;
  readonly #settings: MachineSettings;

  constructor(client: () => SFNClient, settings: MachineSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  async create(workflowId: string, definition: object, tags: Record<string, string>) {
    const { stateMachineArn, stateMachineVersionArn } = await this.#client().send(
      new CreateStateMachineCommand({
        name: `${this.#settings.prefix}-${workflowId}`,
        roleArn: this.#settings.roleArn,
        type: 'STANDARD',
        definition: JSON.stringify(definition),
        publish: true,
        tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
      }),
    );
    if (!stateMachineArn || !stateMachineVersionArn) throw new Error('CreateStateMachine answered without ARNs.');
    return { machine: stateMachineArn, version: stateMachineVersionArn };
  }

  async update(machine: string, definition: object) {
    const { stateMachineVersionArn } = await this.#client().send(
      new UpdateStateMachineCommand({
        stateMachineArn: machine,
        roleArn: this.#settings.roleArn,
        definition: JSON.stringify(definition),
        publish: true,
      }),
    );
    if (!stateMachineVersionArn) throw new Error('UpdateStateMachine answered without a version ARN.');
    return { version: stateMachineVersionArn };
  }

  async remove(machine: string): Promise<void> {
    await this.#client()
      .send(new DeleteStateMachineCommand({ stateMachineArn: machine }))
      .catch(unless(StateMachineDoesNotExist));
  }
}

const unless =
  (...expected: (new (...args: never[]) => Error)[]) =>
  (error: unknown) => {
    if (expected.some((kind) => error instanceof kind)) return undefined;
    throw error;
  };
