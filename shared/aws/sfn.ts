import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type ExecutionStatus,
  InvalidToken,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import type { RunRef } from '../run/model/run.ts';
import type { Walks } from '../run/ports.ts';

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

const unless =
  (...expected: (new (...args: never[]) => Error)[]) =>
  (error: unknown) => {
    if (expected.some((kind) => error instanceof kind)) return undefined;
    throw error;
  };
