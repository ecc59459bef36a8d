import { setTimeout } from 'node:timers/promises';
import { type SFNClient, StartExecutionCommand, type StartExecutionInput, StartSyncExecutionCommand } from '@aws-sdk/client-sfn';
import type { ExecutionKind, Executions } from '../ports.ts';

/** An Express execution has ended by then. */
const EXPRESS_MS = 5 * 60_000;

/** Executions of the two machines of the stack: Express ones that end within minutes, and Standard ones that last. */
export class SfnExecutions implements Executions {
  readonly #client: () => SFNClient;
  readonly #machines: Record<ExecutionKind, () => string>;

  constructor(client: () => SFNClient, machines: Record<ExecutionKind, () => string>) {
    this.#client = client;
    this.#machines = machines;
  }

  /** An execution of that name that is open or closed is the one that was asked for. */
  async start(kind: ExecutionKind, name: string, { run, execution }: { run: string; execution: number }, waitMs = 0) {
    const input = { stateMachineArn: this.#machines[kind](), name, input: JSON.stringify({ run, execution, turn: 0 }) };
    if (kind === 'express' && waitMs > 0) return this.#startAndWait(input, waitMs);
    await this.#client().send(new StartExecutionCommand(input)).catch(unlessExists);
  }

  /** What comes of it after that time, nobody hears: the run tells, and the sweeper starts what was lost. */
  async #startAndWait(input: StartExecutionInput, waitMs: number): Promise<void> {
    const waiting = new AbortController();
    const ended = this.#client().send(new StartSyncExecutionCommand(input), { requestTimeout: EXPRESS_MS });
    const over = setTimeout(waitMs, undefined, { signal: waiting.signal });
    try {
      await Promise.race([ended, over]);
    } finally {
      waiting.abort();
      for (const late of [ended, over]) late.catch(() => undefined);
    }
  }
}

function unlessExists(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'ExecutionAlreadyExists') throw error;
}
