import { StateMachine } from 'aws-local-stepfunctions';
import type { Usage } from '../usage/usage.ts';
import { type Prepared, prepare } from './definition.ts';
import { interpret, type Walk } from './interpreter.ts';
import type { MachineStore } from './machine-store.ts';
import { sleepUntil } from './sleep.ts';
import { type StatusChange, statusChange } from './status-event.ts';
import type { Ending, Execution, Executions } from './store.ts';
import type { TaskTokens } from './task-tokens.ts';
import type { Tasks } from './tasks.ts';

/** Whom the end of an execution concerns. */
export interface StatusChanges {
  wanted(event: StatusChange): boolean;
  /** Resolves when everyone it concerns has had it. */
  deliver(event: StatusChange): Promise<void>;
}

interface Ready extends Prepared {
  machine: StateMachine;
}

interface Parts {
  executions: Executions;
  machines: MachineStore;
  tasks: Tasks;
  tokens: TaskTokens;
  changes: StatusChanges;
  usage: Usage['stepFunctions'];
}

/** Timers of this length can be set; longer ones are set again when they are over. */
const LONGEST_TIMER_MS = 2_000_000_000;
/** After a restart so many executions are begun before others get their turn. */
const RESUMED_AT_ONCE = 20;

/** Executes state machines. An execution ends once, and its end is told at least once. */
export class Engine {
  readonly #parts: Parts;
  readonly #ready = new Map<string, Ready>();
  readonly #stops = new Map<string, (ending: Ending) => void>();
  readonly #undelivered = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Starts again what had not ended, and tells again what nobody had heard. */
  async resume(): Promise<void> {
    for (const execution of this.#parts.executions.unannounced()) this.#announce(execution);
    for (const [index, execution] of this.#parts.executions.running().entries()) {
      if (this.#closed) return;
      this.begin(execution);
      if (index % RESUMED_AT_ONCE === RESUMED_AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Leaves everything where it stands; the next start carries on. */
  close(): void {
    this.#closed = true;
    for (const stop of [...this.#stops.values()]) stop({ status: 'ABORTED' });
  }

  /** Walks the execution; it has been recorded. */
  begin(execution: Execution): void {
    const ready = this.#readyMachine(execution);
    if (!ready) {
      this.#finish(execution, { status: 'FAILED', error: 'States.Runtime', cause: 'The state machine does not exist any more' });
      return;
    }
    const { ended, stop } = interpret(ready.machine, JSON.parse(execution.input), this.#walkOf(execution, ready));
    const expiry = new AbortController();
    const settle = (ending: Ending) => {
      expiry.abort();
      this.#stops.delete(execution.arn);
      this.#finish(execution, ending);
    };
    this.#stops.set(execution.arn, (ending) => {
      settle(ending);
      stop();
    });
    ended.then((ending) => {
      if (this.#stops.has(execution.arn)) settle(ending);
    });
    if (ready.timeoutSeconds !== undefined) this.#expire(execution, ready.timeoutSeconds, expiry.signal);
  }

  /** Ends an execution from outside; nothing happens when it has ended. */
  stop(execution: Execution, ending: Ending): void {
    const stop = this.#stops.get(execution.arn);
    if (stop) stop(ending);
    else this.#finish(execution, ending);
  }

  #finish(execution: Execution, ending: Ending): void {
    if (this.#closed) return;
    const stoppedMs = Date.now();
    const { output = null, error = null, cause = null, status } = ending;
    const ended: Execution = { ...execution, status, stoppedMs, output, error, cause };
    const wanted = this.#parts.changes.wanted(statusChange(ended));
    if (!this.#parts.executions.end(execution.arn, ending, { stoppedMs, announced: !wanted })) return;
    if (wanted) this.#announce(ended);
  }

  #announce(execution: Execution): void {
    const delivery = this.#parts.changes.deliver(statusChange(execution)).then(() => {
      if (!this.#closed) this.#parts.executions.announced(execution.arn);
      this.#undelivered.delete(delivery);
    });
    this.#undelivered.add(delivery);
  }

  async #expire(execution: Execution, timeoutSeconds: number, signal: AbortSignal): Promise<void> {
    const due = execution.startedMs + timeoutSeconds * 1000;
    while (!signal.aborted && Date.now() < due) await sleepUntil(Math.min(due, Date.now() + LONGEST_TIMER_MS), signal);
    if (!signal.aborted) this.stop(execution, { status: 'TIMED_OUT', error: 'States.Timeout' });
  }

  #walkOf({ arn, name, startedMs, machineArn }: Execution, { resources }: Ready): Walk {
    const { tasks, tokens, usage } = this.#parts;
    usage.executions += 1;
    return {
      perform: (state, input, place) => tasks.perform(resources.get(state) ?? '', input, place),
      onTransition: () => {
        usage.transitions += 1;
      },
      waits: new Map(),
      context: {
        Execution: { Id: arn, Name: name, StartTime: new Date(startedMs).toISOString(), RedriveCount: 0 },
        StateMachine: { Id: machineArn, Name: machineArn.split(':').at(-1) },
        State: {},
        Task: tokens.context,
      },
    };
  }

  /** Building a machine is dear, and a version never changes. */
  #readyMachine({ machineArn, versionArn }: Execution): Ready | undefined {
    const { machines } = this.#parts;
    const source = versionArn ? machines.getVersion(versionArn) : machines.get(machineArn);
    if (!source) return undefined;
    const key = versionArn ?? source.revisionId;
    const known = this.#ready.get(key);
    if (known) return known;
    const prepared = prepare(JSON.parse(source.definition));
    const machine = machineOf(prepared);
    const ready = { ...prepared, machine };
    this.#ready.set(key, ready);
    return ready;
  }
}

function machineOf({ definition }: Prepared): StateMachine {
  return Reflect.construct(StateMachine, [definition, { validationOptions: { noValidate: true } }]);
}
