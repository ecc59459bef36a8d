import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Job } from './job.ts';
import type { JobExecutions } from './ports.ts';

/** Executions of the machine of jobs. */
export class SfnJobExecutions implements JobExecutions {
  readonly #client: () => SFNClient;
  readonly #machine: () => string;

  constructor(client: () => SFNClient, machine: () => string) {
    this.#client = client;
    this.#machine = machine;
  }

  /** An execution of that name is the one that was asked for. */
  async start({ id, execution }: Pick<Job, 'id' | 'execution'>): Promise<void> {
    const input = JSON.stringify({ job: id, execution, turn: 0 });
    const start = new StartExecutionCommand({ stateMachineArn: this.#machine(), name: `${id}-${execution}`, input });
    await this.#client().send(start).catch(unlessExists);
  }
}

function unlessExists(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'ExecutionAlreadyExists') throw error;
}
