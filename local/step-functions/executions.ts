import { FunctionFailed } from '../lambda/function-failed.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Usage } from '../usage/usage.ts';
import { type Ending, interpret, type Position, type World } from './interpreter.ts';
import type { Machine } from './machines.ts';
import { sleepUntil } from './sleep.ts';
import { StatesError } from './states-error.ts';
import type { ExecutionStore, NewExecution } from './store.ts';

interface Parts {
  machines: ReadonlyMap<string, Machine>;
  store: ExecutionStore;
  functions: Pick<Functions, 'invoke'>;
  usage: Usage['stepFunctions'];
}

/** Step Functions ends Express executions then. */
const EXPRESS_LIMIT_MS = 300_000;
/** After a restart so many executions are begun before others get their turn. */
const RESUMED_AT_ONCE = 20;

/** The executions under way. Each is in the store from before it begins until after it has ended. */
export class Executions {
  readonly #parts: Parts;
  readonly #stops = new Map<string, (ending: Ending) => void>();
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Carries on what had not ended; a task that was under way is called again. */
  async resume(): Promise<void> {
    const { store, machines } = this.#parts;
    for (const [index, { execution, position }] of store.running().entries()) {
      if (this.#closed) return;
      const machine = machines.get(execution.machine);
      if (machine) void this.begin(machine, execution, position);
      else store.end(execution.arn, Date.now(), { status: 'FAILED', error: 'States.Runtime', cause: 'Its machine is gone' });
      if (index % RESUMED_AT_ONCE === RESUMED_AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Leaves everything where it stands; the next start carries on. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#stops.values()) stop({ status: 'ABORTED' });
  }

  /** Executes until the end; it has been stored. */
  async begin(machine: Machine, execution: NewExecution, from = beginning(machine, execution)): Promise<Ending> {
    const { promise: stopped, resolve: stop } = Promise.withResolvers<Ending>();
    const over = new AbortController();
    this.#stops.set(execution.arn, stop);
    if (machine.express) {
      const timedOut = () => stop({ status: 'TIMED_OUT', error: 'States.Timeout' });
      const timer = setTimeout(timedOut, execution.startedMs + EXPRESS_LIMIT_MS - Date.now());
      over.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    }
    const ending = await Promise.race([
      interpret(machine.definition, from, this.#world(machine, execution, over.signal)),
      stopped,
    ]);
    over.abort();
    this.#stops.delete(execution.arn);
    if (!this.#closed) this.#ended(machine, execution, ending);
    return ending;
  }

  /** Ends an execution from outside; nothing happens when it has ended. */
  stop(arn: string, ending: Ending): void {
    this.#stops.get(arn)?.(ending);
  }

  #ended(machine: Machine, { arn, startedMs }: NewExecution, ending: Ending): void {
    const { store, usage } = this.#parts;
    const now = Date.now();
    if (machine.express) {
      usage.expressGbSeconds += gbSeconds(now - startedMs);
      store.remove(arn);
    } else {
      store.end(arn, now, ending);
    }
  }

  #world(machine: Machine, { arn, name, startedMs }: NewExecution, signal: AbortSignal): World {
    const { store, functions, usage } = this.#parts;
    // What has been stopped, or left for the next start, hears of nothing any more.
    const whileOn = <T>(work: Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        const on = () => !signal.aborted && !this.#closed;
        work.then(
          (value) => on() && resolve(value),
          (error: unknown) => on() && reject(error),
        );
      });
    return {
      context: {
        Execution: { Id: arn, Name: name, StartTime: new Date(startedMs).toISOString() },
        StateMachine: { Id: machine.arn, Name: machine.name },
      },
      invoke: (functionName, payload) => whileOn(functions.invoke(functionName, payload).catch(asStatesError)),
      sleepUntil: (ms) => whileOn(sleepUntil(ms, signal)),
      save: (position) => store.move(arn, position),
      onTransition() {
        if (!machine.express) usage.transitions += 1;
      },
      random: Math.random,
    };
  }
}

const beginning = ({ definition }: Machine, { input }: NewExecution): Position => ({
  state: definition.StartAt,
  data: JSON.parse(input),
  used: [],
  wakeMs: 0,
});

/** What an Express execution that took so long is billed for, in full 100 ms: ours need less than one chunk of 64 MB. */
export const billedMs = (durationMs: number) => Math.max(1, Math.ceil(durationMs / 100)) * 100;
const gbSeconds = (durationMs: number) => (billedMs(durationMs) / 1000) * (64 / 1024);

function asStatesError(error: unknown): never {
  throw error instanceof FunctionFailed ? new StatesError(error.payload.errorType, JSON.stringify(error.payload)) : error;
}
